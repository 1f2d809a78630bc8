import { join } from 'node:path';
import * as z from 'zod';
import { dataSchemaId, EVENT_VERSION, eventDataSchemas, eventSchemaId, eventSchemas } from '../shared/events.ts';
import { HOOK_EVENTS, type HookEvent } from '../shared/hooks.ts';
import { projectRoot } from './project.ts';

/** Where the schema files of this version lie. */
export const schemaFolder = join(projectRoot, 'docs', 'schemas', `v${EVENT_VERSION}`);

/** The name of an event's schema file: `session.start.json`. */
export function schemaFileName(event: HookEvent): string {
  return `${event.replace(':', '.')}.json`;
}

/**
 * The text of an event's schema file: JSON Schema (draft 2020-12) of the whole event, in which the schema of its `data` has
 * an id of its own, the one that the event's `dataschema` names. Both let pass what they do not know.
 */
function schemaText(event: HookEvent): string {
  const { $schema, properties, ...rest } = toJsonSchema(eventSchemas[event]);
  const { $schema: _, ...data } = toJsonSchema(eventDataSchemas[event]);
  const schema = {
    $schema,
    $id: eventSchemaId(event),
    title: `Sandglass: ${event}`,
    description: eventDataSchemas[event].description,
    ...rest,
    properties: { ...properties, data: { $id: dataSchemaId(event), title: `Sandglass: data of ${event}`, ...data } },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** All schema files, by name. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(HOOK_EVENTS.map((event) => [schemaFileName(event), schemaText(event)]));
}

function toJsonSchema(schema: z.ZodType) {
  // What may be sent, not what is left after parsing: the latter would forbid fields that come later.
  return z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
}
