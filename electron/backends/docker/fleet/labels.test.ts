import { expect, test } from 'vitest';
import { adoptedName, adopterIn, areOwnLabels, isSameOwner, LABELS, ownerIn } from './labels.ts';

const made = 'sandglass-01abc-0f0f';
const labels = { [LABELS.container]: made, [LABELS.ownerPid]: '7', [LABELS.ownerStart]: '99' };

test('a container belongs to who made it until another has taken it over, and then to the last one', () => {
  expect(ownerIn(labels, [`/${made}`])).toEqual({ pid: '7', start: '99' });
  const adopted = adoptedName(made, { pid: 8, start: 1234.5 });
  expect(adopted).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]+$/);
  expect(ownerIn(labels, [`/${adopted}`])).toEqual({ pid: '8', start: '1234.5' });
  expect(ownerIn({}, ['/x'])).toBeNull();
});

test('a container that was taken over bears its own labels still; one of another name does not', () => {
  expect(areOwnLabels(labels, [`/${adoptedName(made, { pid: 8, start: 9 })}`])).toBe(true);
  expect(areOwnLabels(labels, [`/${adoptedName('other', { pid: 8, start: 9 })}`])).toBe(false);
  expect(areOwnLabels(labels, [`/${made}.by-8`])).toBe(false);
});

test('a start that no name can hold is compared as the name holds it', () => {
  const owner = { pid: 8, start: '2026-01-01 10:00+1' };
  const found = adopterIn([adoptedName(made, owner)]);
  expect(found !== null && isSameOwner(found, owner)).toBe(true);
  expect(found !== null && isSameOwner(found, { ...owner, pid: 9 })).toBe(false);
});
