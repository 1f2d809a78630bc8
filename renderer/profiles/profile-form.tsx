import { FolderOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import { FOLDER_ACCESS, type FolderAccess, isSandboxed, PULL_POLICIES } from '../../shared/profile.ts';
import { Button } from '../components/button.tsx';
import { LOGIN_SHELL_OPTIONS } from '../settings/rows.ts';
import { chooseFolder } from './actions.ts';
import { CredentialsField } from './credentials-field.tsx';
import { useEditor } from './editor-context.ts';
import { ChoiceField, Field, SelectField, SwitchField, TextField } from './fields.tsx';
import { ImageField } from './image-field.tsx';
import { LimitFields } from './limit-fields.tsx';
import { ArgumentsField, CapabilitiesField, VariablesField } from './list-fields.tsx';

/** All fields of a profile’s form, by its kind. */
export function ProfileForm() {
  const { draft } = useEditor();
  const inContainer = draft.backend === 'docker';
  const sandboxed = isSandboxed(draft.backend);
  return (
    <>
      <Part title="Session">
        <NameField />
        {inContainer ? (
          <>
            <ImageField />
            <PullField />
          </>
        ) : null}
        <TextField
          field="shell"
          mono
          placeholder={inContainer ? 'the image’s own command' : 'your login shell'}
          hint={
            inContainer
              ? 'A path in the container, or a name that is looked up there. Leave empty for what the image runs.'
              : 'A full path, or a name that is looked up in PATH. Leave empty for your login shell.'
          }
        />
        <ArgumentsField />
        {inContainer ? null : <LoginShellField />}
        {inContainer ? (
          <TextField
            field="pool"
            short
            numeric
            hint="Containers started ahead of time, so that a tab opens at once. Each is used once. 0 keeps none."
          />
        ) : null}
        {inContainer ? <SurviveField /> : null}
      </Part>
      <Part title="Folder">
        <FolderField />
        {sandboxed ? <FolderAccessField /> : null}
        {inContainer && draft.folderAccess !== 'none' ? (
          <TextField field="mountAt" mono hint="The path of the folder in the container. The shell starts there." />
        ) : null}
      </Part>
      {sandboxed ? (
        <Part title="Sandbox">
          {inContainer ? <ContainerFields /> : <HostNetworkField />}
          <BoundFields />
          {inContainer ? <PrivilegeFields /> : null}
        </Part>
      ) : null}
      <Part title="Environment and credentials">
        <VariablesField />
        {sandboxed ? (
          <TextField
            field="environmentAllow"
            mono
            hint="Names of this machine’s variables that programs inside may see, separated by spaces. LC_* stands for all names that begin with LC_."
          />
        ) : null}
        <CredentialsField />
      </Part>
      <Part title="Limits and recording">
        <LimitFields />
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="profile-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function NameField() {
  const { draft, otherNames } = useEditor();
  const taken = otherNames.has(draft.name.trim());
  return <TextField field="name" note={taken ? 'Another profile has the same name.' : null} />;
}

function LoginShellField() {
  const { draft, change, inForce } = useEditor();
  const inherited = LOGIN_SHELL_OPTIONS.find(({ value }) => value === inForce.terminal.loginShell)?.label ?? '';
  return (
    <ChoiceField
      field="loginShell"
      value={draft.loginShell}
      options={[{ value: '', label: 'Use the setting' }, ...LOGIN_SHELL_OPTIONS]}
      onChange={(loginShell) => change({ loginShell })}
      hint={`Whether the shell reads login files. The setting is ${inherited}. Automatic does so on macOS only.`}
    />
  );
}

function SurviveField() {
  const { draft, change } = useEditor();
  return (
    <SwitchField
      field="survive"
      checked={draft.survive}
      onChange={(survive) => change({ survive })}
      hint={
        draft.survive
          ? 'If Sandglass crashes, sessions of this profile keep running, and the next launch reattaches those whose time is not up. Output in between is lost. Quitting still ends them.'
          : 'If Sandglass crashes, sessions of this profile end, and their containers are removed.'
      }
    />
  );
}

const PULL_LABELS = { missing: 'If missing', always: 'Always', never: 'Never' } as const;

function PullField() {
  const { draft, change } = useEditor();
  return (
    <ChoiceField
      field="pull"
      label="Pull the image"
      value={draft.pull}
      options={PULL_POLICIES.map((value) => ({ value, label: PULL_LABELS[value] }))}
      onChange={(pull) => change({ pull })}
      hint="When to pull the image before a session starts."
    />
  );
}

function FolderField() {
  const { draft, change, choosesFolders } = useEditor();
  const sandboxed = isSandboxed(draft.backend);
  const choose = async (): Promise<void> => {
    const folder = await chooseFolder();
    if (folder !== null) change({ folder });
  };
  return (
    <Field
      field="folder"
      hint={
        sandboxed
          ? 'The only folder of yours that the sandbox can see.'
          : 'Where the shell starts. Leave empty for your home folder.'
      }
    >
      {(props) => (
        <div className="profile-combo">
          <input
            {...props}
            className="field mono"
            spellCheck={false}
            autoComplete="off"
            placeholder={sandboxed ? 'none' : 'your home folder'}
            value={draft.folder}
            onChange={(event) => change({ folder: event.currentTarget.value })}
          />
          {choosesFolders ? (
            <Button onClick={() => void choose()}>
              <FolderOpen className="icon" aria-hidden="true" />
              Choose…
            </Button>
          ) : null}
        </div>
      )}
    </Field>
  );
}

const ACCESS_LABELS: Readonly<Record<FolderAccess, string>> = {
  none: 'Not shown',
  'read-only': 'Read-only',
  'read-write': 'Read and write',
};

const ACCESS_HINTS: Readonly<Record<FolderAccess, string>> = {
  none: 'Programs inside see none of your files.',
  'read-only': 'Programs inside can read its files.',
  'read-write': 'Programs inside can read, change and delete its files.',
};

function FolderAccessField() {
  const { draft, change } = useEditor();
  return (
    <ChoiceField
      field="folderAccess"
      value={draft.folderAccess}
      options={FOLDER_ACCESS.map((value) => ({ value, label: ACCESS_LABELS[value] }))}
      onChange={(folderAccess) => change({ folderAccess })}
      hint={ACCESS_HINTS[draft.folderAccess]}
    />
  );
}

function HostNetworkField() {
  const { draft, change } = useEditor();
  return (
    <ChoiceField
      field="network"
      value={draft.network === 'host' ? 'host' : 'none'}
      options={[
        { value: 'none', label: 'None' },
        { value: 'host', label: 'This machine’s' },
      ]}
      onChange={(network) => change({ network })}
      hint={draft.network === 'none' ? 'Only its own loopback interface.' : undefined}
    />
  );
}

function ContainerFields() {
  const { offers } = useEditor();
  const networks = (offers?.networks ?? []).filter((name) => !['none', 'bridge', 'host'].includes(name));
  const runtimes = offers?.runtimes ?? [];
  return (
    <>
      <SelectField
        field="network"
        options={[
          { value: 'none', label: 'None' },
          { value: 'bridge', label: 'bridge: the internet and your network' },
          ...networks.map((name) => ({ value: name, label: name })),
        ]}
      />
      <TextField
        field="user"
        mono
        short
        hint="The user that programs inside run as: a name or number, optionally with a group."
      />
      <SelectField
        field="runtime"
        options={[
          { value: '', label: 'The engine’s default' },
          ...runtimes.map((name) => ({ value: name, label: name })),
        ]}
        hint="The OCI runtime. runsc and kata, if installed, isolate the container more strongly."
      />
    </>
  );
}

function BoundFields() {
  return (
    <div className="profile-bounds">
      <TextField field="memoryMiB" short placeholder="no limit" hint="Such as 512 MB or 2 GB." />
      <TextField field="cpus" short numeric placeholder="no limit" hint="0.5 is half of one." />
      <TextField field="pids" short numeric placeholder="no limit" hint="Including threads." />
    </div>
  );
}

function PrivilegeFields() {
  const { draft, change } = useEditor();
  return (
    <>
      <SwitchField
        field="readOnlyRoot"
        checked={draft.readOnlyRoot}
        onChange={(readOnlyRoot) => change({ readOnlyRoot })}
        hint={
          draft.readOnlyRoot
            ? 'The image’s files cannot be changed; /tmp, /run and the home folder are in memory.'
            : undefined
        }
      />
      <SwitchField
        field="noNewPrivileges"
        checked={draft.noNewPrivileges}
        onChange={(noNewPrivileges) => change({ noNewPrivileges })}
        hint={draft.noNewPrivileges ? 'Programs such as sudo and su gain no rights.' : undefined}
      />
      <CapabilitiesField />
    </>
  );
}
