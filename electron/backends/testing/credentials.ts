import type { CredentialSupply, CredentialValue } from '../backend.ts';

/** Secrets as backends get them. */
export function valuesOf(values: Readonly<Record<string, string>>): CredentialValue[] {
  return Object.entries(values).map(([env, value]) => ({ env, value: Buffer.from(value) }));
}

/** Secrets of a session that starts. What was taken is overwritten soon, as the app does when a value is replaced. */
export function supplyOf(values: Readonly<Record<string, string>>): CredentialSupply {
  return {
    names: Object.keys(values),
    take() {
      const taken = valuesOf(values);
      setImmediate(() => {
        for (const { value } of taken) value.fill(0);
      });
      return taken;
    },
  };
}
