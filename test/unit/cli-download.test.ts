// Downloads by the command line from the API's own code for them, over real sockets that break.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendFile } from '../../src/api/downloads.js';
import type { FilePage } from '../../src/api/result-contracts.js';
import type { Store } from '../../src/core/store.js';
import { storeIn } from '../support/archives.js';
import { runWith } from '../support/cli.js';

/** What the job has; `lies`: what the list says of them instead. */
let files: Map<string, Buffer>;
let lies: Map<string, Partial<FilePage['files'][number]>>;
/** Ranges that were asked for. */
let asked: (string | undefined)[];
/** After so many bytes of an answer its connection is cut. */
let cutAfter: number;
let folder: string;
let server: Server;
let store: Store;
let url: string;

beforeEach(async () => {
  [files, lies, asked, cutAfter] = [new Map(), new Map(), [], Infinity];
  folder = await mkdtemp(join(tmpdir(), 'download-'));
  store = storeIn(join(folder, 'store'));
  server = createAdaptorServer({ fetch: served().fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const out = () => join(folder, 'out');
const download = (...args: string[]) =>
  runWith({ LONGHAUL_API: url }, ['download', 'job-1', '--out', out(), ...args]);
const saved = (path: string) => readFile(join(out(), path));

describe('download', () => {
  it('saves every file of all pages under its path, and says which', async () => {
    await have({ 'manifest.json': '{}', 'contacts/0/a.zst': 'aaa', 'contacts/1/b.zst': 'bbb', empty: '' });
    const { code, out: lines } = await download();
    expect(code).toBe(0);
    expect(lines).toEqual([...files.keys()].map((path) => `${out()}/${path}`));
    for (const [path, bytes] of files) expect(await saved(path)).toEqual(bytes);
    expect((await readdir(out(), { recursive: true })).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('saves the named files and folders only, and names what there is not', async () => {
    await have({ 'manifest.json': '{}', 'contacts/0/a.zst': 'aaa', 'contacts2/0/b.zst': 'bbb' });
    const { code, out: lines, err } = await download('contacts/', 'nothing');
    expect(lines).toEqual([`${out()}/contacts/0/a.zst`]);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('the job has no file nothing');
  });

  it('goes on where an earlier try ended', async () => {
    await have({ 'a/b': 'x'.repeat(500) });
    await mkdir(join(out(), 'a'), { recursive: true });
    await writeFile(join(out(), 'a/b.part'), 'x'.repeat(123));
    const { code, err } = await download();
    expect({ code, asked }).toEqual({ code: 0, asked: ['bytes=123-'] });
    expect(err[0]).toBe('a/b saved, from where an earlier try ended (500 B)');
    expect(await saved('a/b')).toEqual(files.get('a/b'));
  });

  it('asks for nothing that is there already', async () => {
    await have({ a: 'x'.repeat(500) });
    await download();
    asked = [];
    expect(await download('--json')).toMatchObject({
      code: 0,
      out: [
        JSON.stringify({
          out: out(),
          files: [{ path: 'a', bytes: 500, sha256: shaOf('a'), state: 'there' }],
        }),
      ],
    });
    expect(asked).toEqual([]);
  });

  it('starts over where the part is of something else, or longer than the file', async () => {
    for (const part of ['y'.repeat(123), 'y'.repeat(501)]) {
      await have({ a: 'x'.repeat(500) });
      await rm(out(), { recursive: true, force: true });
      await mkdir(out());
      await writeFile(join(out(), 'a.part'), part);
      expect(await download()).toMatchObject({ code: 0 });
      expect(await saved('a')).toEqual(files.get('a'));
    }
  });

  it('takes up a connection that breaks, as often as each brings something', async () => {
    await have({ a: 'x'.repeat(2_000_000) });
    cutAfter = 700_000;
    expect(await download()).toMatchObject({ code: 0 });
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true);
    expect((await saved('a')).equals(files.get('a')!)).toBe(true);
  });

  it('ends by name where connections bring nothing, and keeps what it has', async () => {
    await have({ a: 'x'.repeat(500) });
    await mkdir(out());
    await writeFile(join(out(), 'a.part'), 'x'.repeat(100));
    cutAfter = 0;
    const { code, err } = await download();
    expect(code).toBe(3);
    expect(err[0]).toMatch(/^error api_unreachable: /);
    expect((await saved('a.part')).length).toBe(100);
  });

  it('keeps nothing that has another hash than the list says', async () => {
    await have({ a: 'x'.repeat(500) });
    lies.set('a', { sha256: '0'.repeat(64) });
    const { code, err } = await download();
    expect(code).toBe(1);
    expect(err[0]).toMatch(/^error archive_damaged: a did not arrive as it is listed/);
    expect(await readdir(out())).toEqual([]);
  });

  it.each(['../evil', 'a/../../evil', '/etc/evil', 'a//evil', './evil', 'a\\..\\evil', 'C:evil', 'a\0b'])(
    'writes nothing outside of the folder, whatever the API says: %j',
    async (path) => {
      await have({ a: 'x' });
      lies.set('a', { path });
      const { code, err } = await download();
      expect({ code, first: err[0] }).toEqual({
        code: 2,
        first: expect.stringContaining('outside of the folder'),
      });
      expect(await readdir(folder)).not.toContain('evil');
    },
  );

  it('follows no link out of the folder', async () => {
    await have({ 'sub/a': 'x', b: 'y' });
    await mkdir(join(folder, 'elsewhere'));
    await mkdir(out());
    await symlink(join(folder, 'elsewhere'), join(out(), 'sub'));
    expect((await download('sub')).code).toBe(2);
    await symlink(join(folder, 'elsewhere', 'b'), join(out(), 'b.part'));
    expect((await download('b')).code).not.toBe(0);
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });
});

/** One file a page. */
function served(): Hono {
  const app = new Hono();
  app.get('/v1/jobs/:id/files', (c) => {
    const at = Number(c.req.query('cursor') ?? 0);
    const all = [...files.keys()];
    const [path] = all.slice(at);
    const file = {
      path,
      bytes: files.get(path!)?.length,
      records: null,
      sha256: shaOf(path!),
      url: `/v1/jobs/job-1/files/${path}`,
      ...lies.get(path!),
    };
    return c.json({ files: [file], next: at + 1 < all.length ? String(at + 1) : null });
  });
  app.get('/v1/jobs/:id/files/:path{.+}', (c) => {
    asked.push(c.req.header('range'));
    const path = c.req.param('path');
    const file = { path, bytes: files.get(path)!.length, records: null, sha256: shaOf(path) };
    return sendFile(c, { store: breaking(store), path, file }, () => undefined);
  });
  return app;
}

function breaking(whole: Store): Store {
  return {
    ...whole,
    async *read(path, range) {
      let left = cutAfter;
      for await (const chunk of whole.read(path, range)) {
        yield chunk.subarray(0, left);
        left -= chunk.length;
        if (left <= 0) throw new Error('cut');
      }
    },
  };
}

async function have(content: Readonly<Record<string, string>>): Promise<void> {
  files = new Map(Object.entries(content).map(([path, text]) => [path, Buffer.from(text)]));
  for (const [path, bytes] of files) await store.put(path, bytes);
}

function shaOf(path: string): string {
  return createHash('sha256').update(files.get(path)!).digest('hex');
}
