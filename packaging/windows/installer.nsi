; Installs Sandglass for one user, without administrator rights. scripts/makers/nsis.ts defines the values in ${…}.
Unicode true
SetCompressor /SOLID lzma
ManifestDPIAware true
RequestExecutionLevel user

!include MUI2.nsh
!include LogicLib.nsh
!include x64.nsh

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Sandglass"
; Windows shows notifications of an app that it knows by this id, which the app gives itself (electron/hosts/desktop/launch.ts).
!define MODEL_ID_KEY "Software\Classes\AppUserModelId\org.sandglass.Sandglass"
!define APP_PATH_KEY "Software\Microsoft\Windows\CurrentVersion\App Paths\sandglass.exe"

Name "Sandglass"
OutFile "${OUTPUT}"
BrandingText "Sandglass ${VERSION}"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${FILE_VERSION}"
VIAddVersionKey "ProductName" "Sandglass"
VIAddVersionKey "FileDescription" "Sandglass Setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "CompanyName" "${PUBLISHER}"
VIAddVersionKey "LegalCopyright" "${PUBLISHER}"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\sandglass.exe"
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; The folder is always the same: removing it with all that is in it can then never remove anything else.
!macro SET_FOLDER
  StrCpy $INSTDIR "$LOCALAPPDATA\Programs\Sandglass"
!macroend

; Windows keeps the file of a running program from being opened for writing.
!macro REQUIRE_STOPPED
  ${DoWhile} ${FileExists} "$INSTDIR\sandglass.exe"
    ClearErrors
    FileOpen $0 "$INSTDIR\sandglass.exe" a
    ${IfNot} ${Errors}
      FileClose $0
      ${Break}
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "Sandglass is running. Quit it, then choose Retry." /SD IDCANCEL IDCANCEL`
      SetErrorLevel 2
      Quit
    ${EndIf}
  ${Loop}
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
    MessageBox MB_OK|MB_ICONSTOP "Sandglass needs a 64-bit Windows." /SD IDOK
    SetErrorLevel 3
    Quit
  ${EndIf}
  !insertmacro SET_FOLDER
FunctionEnd

Function un.onInit
  !insertmacro SET_FOLDER
FunctionEnd

Section "Sandglass"
  !insertmacro REQUIRE_STOPPED
  ; Files of an earlier version that this one does not have would stay otherwise.
  RMDir /r "$INSTDIR"
  SetOutPath "$INSTDIR"
  File /r "${APP_FOLDER}/*"
  File "/oname=sandglass.png" "${PICTURE}"
  WriteUninstaller "$INSTDIR\Uninstall Sandglass.exe"
  CreateShortcut "$SMPROGRAMS\Sandglass.lnk" "$INSTDIR\sandglass.exe" "" "" 0 SW_SHOWNORMAL "" "${DESCRIPTION}"

  WriteRegExpandStr HKCU "${MODEL_ID_KEY}" "DisplayName" "Sandglass"
  WriteRegExpandStr HKCU "${MODEL_ID_KEY}" "IconUri" "$INSTDIR\sandglass.png"
  WriteRegStr HKCU "${APP_PATH_KEY}" "" "$INSTDIR\sandglass.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Sandglass"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\sandglass.exe"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\Uninstall Sandglass.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\Uninstall Sandglass.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" ${KIBIBYTES}
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
SectionEnd

; Settings, recordings and log files are the user's, and stay.
Section "Uninstall"
  !insertmacro REQUIRE_STOPPED
  RMDir /r "$INSTDIR"
  Delete "$SMPROGRAMS\Sandglass.lnk"
  DeleteRegKey HKCU "${MODEL_ID_KEY}"
  DeleteRegKey HKCU "${APP_PATH_KEY}"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
SectionEnd
