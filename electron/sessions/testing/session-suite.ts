import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { BackendKind } from '../../../shared/profile.ts';
import { findTestEngine, needs, type TestEngine } from '../../testing/container-engine.ts';
import { SessionRig } from './session-rig.ts';
import { endingTests } from './suite-endings.ts';
import { expiryTests } from './suite-expiry.ts';
import { inputTests } from './suite-input.ts';
import { loadTests } from './suite-load.ts';
import { outputTests } from './suite-output.ts';
import { recordTests } from './suite-records.ts';
import { startTests } from './suite-starts.ts';

/** How long one test may take, in milliseconds: on a busy machine, a container takes seconds to come and to go. */
const TEST_MS = 60_000;

type Supported = { readonly ok: true } | { readonly ok: false; readonly why: string };

/**
 * What a session promises, whatever runs its shell: the same tests for every backend. Each of them is followed
 * by a check that the sessions have left nothing behind.
 */
export async function sessionSuite(kind: BackendKind): Promise<void> {
  const engine = await findTestEngine();
  const support = await supports(kind, engine);

  describe.runIf(support.ok)(`a session on ${kind}`, { ...needs(support), timeout: TEST_MS }, () => {
    let current: SessionRig | null = null;
    const rig = (): SessionRig => {
      if (current === null) throw new Error('The rig is set up before the first test');
      return current;
    };
    beforeAll(async () => {
      current = await SessionRig.create(kind, engine);
    }, TEST_MS);
    afterEach(() => rig().expectNothingLeft(), TEST_MS);
    afterAll(() => current?.[Symbol.asyncDispose](), TEST_MS);

    const context = { kind, rig };
    endingTests(context);
    expiryTests(context);
    outputTests(context);
    inputTests(context);
    recordTests(context);
    startTests(context);
    loadTests(context);
  });
}

/** Whether sessions of this kind are available here. What the checks read is there on Linux alone. */
async function supports(kind: BackendKind, engine: TestEngine): Promise<Supported> {
  if (process.platform !== 'linux') return { ok: false, why: 'Linux' };
  if (kind === 'docker') return engine.ok ? { ok: true } : engine;
  await using rig = await SessionRig.create(kind, engine);
  const { status } = rig.machine.backends[kind];
  return status.state === 'available' ? { ok: true } : { ok: false, why: `${kind} (${describeStatus(status)})` };
}

function describeStatus(status: SessionRig['machine']['backends'][BackendKind]['status']): string {
  return status.state === 'unavailable' ? status.message : status.state;
}
