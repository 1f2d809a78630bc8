import { useId } from 'react';
import { formatDuration, parseDuration } from '../../shared/duration.ts';
import { isSandboxed } from '../../shared/profile.ts';
import { CheckList, ExplainedChoice } from '../settings/controls.tsx';
import { ACTIVITY_OPTIONS, EXPIRY_OPTIONS } from '../settings/rows.ts';
import { useApp } from '../store/store.ts';
import { useEditor } from './editor-context.ts';
import { FieldGroup, SwitchField, TextField } from './fields.tsx';
import { commandsText, showsThawWindow } from './read-draft.ts';
import { readCount } from './text.ts';

/** The limits of a profile's sessions, what happens at them, and whether they must be recorded. */
export function LimitFields() {
  const { draft, inForce } = useEditor();
  return (
    <>
      <LimitField field="idleTimeoutSeconds" about="Closes the session after this much time without activity." />
      <LimitField field="maxDurationSeconds" about="Closes the session after this much time in total." />
      <ActivityField />
      <MaxCommandsField />
      <ExpiryField />
      {showsThawWindow(draft, inForce) ? <ThawWindowField /> : null}
      <RecordingField />
    </>
  );
}

function LimitField({ field, about }: { field: 'idleTimeoutSeconds' | 'maxDurationSeconds'; about: string }) {
  const { draft, inForce } = useEditor();
  const inherited = inForce.limits[isSandboxed(draft.backend) ? 'sandboxed' : 'local'][field];
  const typed = parseDuration(draft[field]);
  const looser = typed.ok && inherited > 0 && typed.seconds > inherited;
  const words = formatDuration(inherited);
  return (
    <TextField
      field={field}
      short
      placeholder={words}
      note={looser ? stricterHolds(words) : null}
      hint={`${about} Leave empty to use the setting, ${words}.`}
    />
  );
}

function ActivityField() {
  const { draft, change, inForce } = useEditor();
  const name = useId();
  const allowed = useApp(({ settings }) => settings?.policy.allowedActivity);
  const policyIsOwn = useApp(({ settings }) => settings?.policyIsOwn ?? false);
  const counted = inForce.limits.activity;
  const { activity } = draft;
  const labels = ACTIVITY_OPTIONS.filter(({ value }) => counted.includes(value)).map(({ label }) => label);
  const whose = policyIsOwn ? 'Your own policy file' : 'Your administrator’s policy';
  const options = ACTIVITY_OPTIONS.map((option) => {
    if (allowed?.includes(option.value) === false) return { ...option, locked: `${whose} does not allow it.` };
    return counted.includes(option.value)
      ? option
      : { ...option, about: `${option.about} The settings do not count it, so it has no effect here.` };
  });
  const hasEffect = activity === null || activity.some((kind) => counted.includes(kind));
  return (
    <FieldGroup
      field="activity"
      label="What counts as activity"
      note={hasEffect ? null : 'The settings count none of these, so only typing counts.'}
      hint="Each chosen activity resets the idle timeout if the settings count it as well."
    >
      <ExplainedChoice
        name={name}
        options={[
          { value: 'settings', label: 'Use the setting', about: `Now: ${labels.join(', ')}.` },
          { value: 'here', label: 'Choose for this profile' },
        ]}
        value={activity === null ? 'settings' : 'here'}
        onChange={(chosen) => change({ activity: chosen === 'settings' ? null : counted })}
      />
      {activity === null ? null : (
        <div className="nested-choices">
          <CheckList
            name={`${name}-kinds`}
            options={options}
            chosen={activity}
            onChange={(next) => change({ activity: next })}
          />
        </div>
      )}
    </FieldGroup>
  );
}

function stricterHolds(allowed: string): string {
  return `The settings allow ${allowed}; the stricter limit applies.`;
}

function MaxCommandsField() {
  const { draft, inForce } = useEditor();
  const inherited = inForce.limits.maxCommands;
  const typed = readCount(draft.maxCommands);
  const looser = typed.ok && typed.value !== null && inherited > 0 && typed.value > inherited;
  const words = commandsText(inherited);
  return (
    <TextField
      field="maxCommands"
      short
      numeric
      placeholder={words}
      note={looser ? stricterHolds(words) : null}
      hint={`Closes the session as soon as its last allowed command has finished. Leave empty to use the setting, ${words}.`}
    />
  );
}

function ExpiryField() {
  const { draft, change, inForce } = useEditor();
  const name = useId();
  const inherited = EXPIRY_OPTIONS.find(({ value }) => value === inForce.limits.onExpiry);
  return (
    <FieldGroup field="onExpiry">
      <ExplainedChoice
        name={name}
        options={[{ value: '', label: 'Use the setting', about: `Now: ${inherited?.label ?? ''}.` }, ...EXPIRY_OPTIONS]}
        value={draft.onExpiry}
        onChange={(onExpiry) => change({ onExpiry })}
      />
    </FieldGroup>
  );
}

function ThawWindowField() {
  const { inForce } = useEditor();
  const words = formatDuration(inForce.limits.thawWindowSeconds);
  return (
    <TextField
      field="thawWindowSeconds"
      short
      placeholder={words}
      hint={`How long a session that was frozen because its time was up waits to be thawed before it closes. Leave empty to use the setting, ${words}.`}
    />
  );
}

function RecordingField() {
  const { draft, change } = useEditor();
  return (
    <SwitchField
      field="recording"
      label="Recording required"
      checked={draft.recording === 'required'}
      onChange={(required) => change({ recording: required ? 'required' : 'on' })}
      hint="Ends the session if it can no longer be recorded. When off, the session continues and shows a warning."
    />
  );
}
