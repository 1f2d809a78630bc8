import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { cloudEvent, testEvent } from '../electron/hooks/cloud-event.ts';
import { SOURCE, sampleEvents, sampleFacts } from '../electron/hooks/testing/sample-events.ts';
import { dataSchemaId, eventSchemaId } from '../shared/events.ts';
import { HOOK_EVENTS, type HookEvent } from '../shared/hooks.ts';
import { schemaFileName, schemaFiles, schemaFolder } from './event-schemas.ts';

const read = (name: string): string => readFileSync(join(schemaFolder, name), 'utf8');

test('there is a schema file for each event, and no other', () => {
  expect(readdirSync(schemaFolder).sort()).toEqual(HOOK_EVENTS.map(schemaFileName).sort());
});

test.each([...schemaFiles()])('%s is what npm run schemas writes', (name, text) => {
  expect(read(name)).toBe(text);
});

describe('a validator that reads the files alone', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  addFormats.default(ajv);
  for (const event of HOOK_EVENTS) ajv.addSchema(JSON.parse(read(schemaFileName(event))));
  const validator = (id: string): ValidateFunction => {
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new Error(`No schema has the id ${id}`);
    return validate;
  };
  const check = (event: HookEvent, value: unknown): unknown => {
    const validate = validator(eventSchemaId(event));
    return validate(value) ? null : validate.errors;
  };
  const texts = [
    ...sampleEvents.map((event, index) => [event.type, index, cloudEvent(sampleFacts(event))] as const),
    ['hook:test', 0, testEvent({ id: 'A', source: SOURCE, hook: 'notify', atMs: 1 })] as const,
  ];

  test.each(texts)('takes %s (%i)', (event, _, text) => {
    expect(check(event, JSON.parse(text ?? 'null'))).toBeNull();
  });

  test.each(texts)('finds the schema of the data of %s (%i) by what the event says', (event, _, text) => {
    const value = JSON.parse(text ?? 'null');
    expect(value.dataschema).toBe(dataSchemaId(event));
    expect(validator(value.dataschema)(value.data)).toBe(true);
    expect(validator(value.dataschema)({ ...value.data, event: 'session:other' })).toBe(false);
  });

  test.each(texts)('takes no part of %s (%i) away', (event, _, text) => {
    const value = JSON.parse(text ?? 'null');
    for (const name of Object.keys(value)) {
      const { [name]: _left, ...rest } = value;
      expect(check(event, rest), name).not.toBeNull();
    }
    for (const name of Object.keys(value.data)) {
      const { [name]: _left, ...data } = value.data;
      expect(check(event, { ...value, data }), name).not.toBeNull();
    }
  });

  test.each(texts)('lets fields of later versions pass in %s (%i)', (event, _, text) => {
    const value = JSON.parse(text ?? 'null');
    expect(check(event, { ...value, later: 1, data: { ...value.data, later: {} } })).toBeNull();
  });

  test('does not take one event for another', () => {
    for (const [event, , text] of texts) {
      for (const other of HOOK_EVENTS) {
        expect(check(other, JSON.parse(text ?? 'null')) === null, `${event} as ${other}`).toBe(event === other);
      }
    }
  });
});
