import { expect, test } from 'vitest';
import { imagesIn, networksIn } from './offers.ts';

const image = (id: string, tags: string[] | null) => ({ Id: id, RepoTags: tags, Size: 5, Created: 2 });

test('images are offered by each of their names; those without a name are not', () => {
  expect(imagesIn([image('1', ['b:1', 'a:1']), image('2', ['<none>:<none>']), image('3', null)])).toEqual([
    { name: 'a:1', id: '1', bytes: 5, createdAt: 2_000 },
    { name: 'b:1', id: '1', bytes: 5, createdAt: 2_000 },
  ]);
});

test('images without a name are offered by id when there are no others', () => {
  expect(imagesIn([image('sha256:2', ['<none>:<none>']), image('sha256:1', null)]).map(({ name }) => name)).toEqual([
    'sha256:1',
    'sha256:2',
  ]);
});

test('networks are those that one container may join', () => {
  const network = (name: string, driver: string, more: object = {}) => ({ Name: name, Driver: driver, ...more });
  expect(
    networksIn([
      network('none', 'null'),
      network('host', 'host'),
      network('bridge', 'bridge', { Scope: 'local' }),
      network('mine', 'bridge'),
      network('ingress', 'overlay', { Scope: 'swarm', Ingress: true, Attachable: true }),
      network('services', 'overlay', { Scope: 'swarm', Attachable: false }),
      network('shared', 'overlay', { Scope: 'swarm', Attachable: true }),
      network('container:x', 'bridge'),
    ]),
  ).toEqual(['bridge', 'mine', 'none', 'shared']);
});

test('an answer that is something else offers nothing', () => {
  for (const body of [null, 'x', {}, [{}], [{ Id: 1 }]]) {
    expect(imagesIn(body)).toEqual([]);
    expect(networksIn(body)).toEqual([]);
  }
});
