/** The commands of the relay, as processes, against the real service. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { generateKeys } from '../../sdk/src/relay/index.ts';
import { openRelay, type Relay } from '../setup/relay.ts';
import { openHome as openHomeAt } from './cli-home.ts';
import { closedAddress } from './service.ts';

vi.setConfig({ testTimeout: 180_000 });

let relay: Relay;

beforeAll(async () => {
  relay = await openRelay();
});

afterAll(() => relay.app.close());

const openHome = (url: string = relay.url) => openHomeAt(url);

/** A home in which somebody is signed in. */
async function openSignedIn() {
  const home = openHome();
  const email = `relay-${Math.random().toString(36).slice(2)}@example.com`;
  const { code, stderr } = await home.cliWith({ CCJK_PASSWORD: relay.app.password }, 'register', '--email', email);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return home;
}

test('publish and subscribe need no login: messages come as they are published, and Ctrl-C ends it clean', async () => {
  const home = openHome();
  const first = await home.cli('publish', 'news', 'before', '--sender', 'desk');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^Published to news, a new channel \([0-9a-f-]{36}\)\.\n$/);

  const listening = home.start(['subscribe', 'news', '--from', 'start']);
  await listening.says('before');
  expect(await home.cliReading('from stdin\nin lines \u001b[31m\n', 'publish', 'news')).toMatchObject({ code: 0 });
  await listening.says('in lines');
  listening.child.kill('SIGINT');
  listening.child.kill('SIGINT'); // npm passes it on to who has got it already
  const { code, stdout, stderr } = await listening.ended;
  expect(code).toBe(0);
  expect(stdout.replace(/\d\d:\d\d:\d\d/g, 'TIME')).toBe('TIME  desk  before\nTIME  from stdin\nin lines  [31m\n');
  expect(stderr).toBe('\nGo on with: ccjk-cloud subscribe news --from event-2\n');
  await vi.waitFor(() => expect(relay.app.streams.size()).toBe(0));
});

test('with --json each event is a line, and an earlier run is gone on from', async () => {
  const home = openHome();
  for (const text of ['one', 'two']) await home.cli('publish', 'lines', text, '--priority', 'high');
  const listening = home.start(['subscribe', 'lines', '--json', '--from', 'event-1']);
  await listening.says('two');
  listening.child.kill('SIGTERM');
  const { code, stdout, stderr } = await listening.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events).toMatchObject([
    { type: 'connected' },
    { type: 'message', eventId: 'event-2', channel: 'lines', message: 'two', priority: 'high' },
  ]);
  const published = await home.json('publish', 'lines', 'three', '--no-cache');
  expect(published).toMatchObject({ channel: 'lines', autoCreated: false, id: expect.any(String) });
});

test('a message is sealed here for the key of its channel, and opened where the private key is', async () => {
  const home = openHome();
  const { publicKey, privateKey } = await generateKeys();
  const { channelId } = await relay.app.anonymous.relay.publicKeys.register({ publicKey });
  writeFileSync(join(home.home, 'mine.pem'), privateKey);
  writeFileSync(join(home.home, 'other.pem'), (await generateKeys()).privateKey);
  expect(await home.cli('publish', channelId, 'only me', '--seal')).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.stringify(await relay.stored())).not.toContain('only me');

  const seen = async (...args: string[]) => {
    const listening = home.start(['subscribe', channelId, '--from', 'start', ...args]);
    await vi.waitFor(() => expect(listening.ran.stdout).toMatch(/sealed|only me|"message"/), 60_000);
    listening.child.kill('SIGINT');
    return (await listening.ended).stdout;
  };
  expect(await seen()).toContain('(sealed; --key opens it)');
  expect(await seen('--key', 'other.pem')).toContain('(sealed for another key)');
  expect(await seen('--key', 'mine.pem')).toContain('  only me\n');
  expect(JSON.parse((await seen('--key', 'mine.pem', '--json')).trim().split('\n')[1] ?? '')).toMatchObject({
    encrypted: true,
    text: 'only me',
  });
});

test('channels are made, listed and shown; a private one takes a key of its owner', async () => {
  const home = await openSignedIn();
  expect(await home.json('channels', 'create', 'made-here', '--name', 'Made here', '--expires', '7d')).toMatchObject({
    id: 'made-here',
    type: 'public',
    name: 'Made here',
    expiresAt: expect.any(String),
  });
  expect((await home.cli('channels')).stdout).toMatch(
    /ID +TYPE +EXPIRES +NAME\n(.*\n)*made-here +public +\d{4}-.+Made here/,
  );
  expect((await home.cli('channels', 'show', 'made-here')).stdout).toMatch(
    /^Channel: +made-here\nType: +public\nName: /,
  );
  expect(await home.json('channels', '--type', 'private')).toMatchObject({ channels: [], pagination: { total: 0 } });
  expect((await home.cli('channels', 'create')).stdout).toMatch(
    /^Made pub_[0-9a-f]+\.\nListen with: ccjk-cloud subscribe pub_/,
  );

  const { key } = await home.json('keys', 'create', 'laptop');
  const env = { CCJK_RELAY_KEY: key };
  expect(await home.cliWith(env, 'channels', 'create', 'mine-alone', '--type', 'private')).toMatchObject({ code: 0 });
  expect(await home.cliWith(env, 'publish', 'mine-alone', 'x', '--no-create')).toMatchObject({ code: 0 });
  expect(await home.cli('publish', 'mine-alone', 'x', '--no-create')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/No channel that is open to you has this id\.\nSee the channels with: /),
  });
});

test('keys are made, listed and revoked in two phases or at once', async () => {
  const home = await openSignedIn();
  const made = await home.cli('keys', 'create', 'laptop', '--permission', 'read', '--expires', '90d');
  expect(made.stdout).toMatch(
    /^Made laptop \([0-9a-f-]{36}\), which may read\. The key, shown only now:\n\n {2}sk_live_\S+\n/,
  );
  const [, id = '', key = ''] = /\((.{36})\)[\s\S]*?(sk_live_\S+)/.exec(made.stdout) ?? [];
  expect((await home.cli('keys')).stdout).toMatch(
    new RegExp(`ID +USED +EXPIRES +NAME\n${id} +never +20.+laptop \\(read\\)`),
  );
  expect(await home.cliWith({ CCJK_RELAY_KEY: key }, 'publish', 'c', 'x')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/The key lacks the permission write\.\nCheck CCJK_RELAY_KEY/),
  });

  const asked = await home.cli('keys', 'revoke', id, '--reason', 'The laptop was lost', '--hours', '1');
  expect(asked).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/works on until[\s\S]+keys confirm \S+ \S+\n/),
  });
  expect((await home.cli('keys', 'cancel', id)).stdout).toBe(`${id} stays in force.\n`);
  const again = await home.json('keys', 'revoke', id, '--reason', 'It was lost after all');
  expect(again).toMatchObject({ keyId: id, status: 'pending', confirmationCode: expect.stringMatching(/^[0-9a-f]+$/) });
  const confirmed = await home.cli('keys', 'confirm', again.revocationId, again.confirmationCode);
  expect(confirmed).toEqual({ code: 0, stdout: `Revoked ${id}.\n`, stderr: '' });
  expect(await home.cliWith({ CCJK_RELAY_KEY: key }, 'channels')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Check CCJK_RELAY_KEY'),
  });

  const other = await home.json('keys', 'create');
  expect(await home.json('keys', 'revoke', other.id, '--now')).toMatchObject({ deletedId: other.id });
  expect((await home.cli('keys')).stdout).toBe('No keys. Make one with: ccjk-cloud keys create\n');
});

test('what goes wrong is said in a sentence, with what to do and its exit code', async () => {
  const home = openHome();
  const away = openHome(await closedAddress());
  const { key: mine } = await relay.makeKey();
  const cases: [ran: ReturnType<typeof home.cli>, code: number, says: string][] = [
    [home.cli('keys'), 3, 'Error: You are not signed in.\nSign in with: ccjk-cloud login\n'],
    [home.cliWith({ CCJK_RELAY_KEY: 'sk_live_x' }, 'keys', 'create'), 3, 'Check CCJK_RELAY_KEY'],
    [home.cliWith({ CCJK_RELAY_KEY: mine }, 'keys', 'create'), 3, 'Sign in with: ccjk-cloud login\n'],
    [
      home.cli('channels', 'create', 'own', '--type', 'private'),
      3,
      'Error: This takes a key of the relay.\nSet CCJK_RELAY_KEY; a key comes from: ccjk-cloud keys create\n',
    ],
    [home.cli('subscribe', 'nowhere'), 1, 'No channel that is open to you has this id.'],
    [home.cli('publish', 'no such id', 'x'), 1, '1 to 64 of a-z'],
    [home.cli('publish', 'unsealed', 'x', '--seal'), 1, 'There is no key with this id'],
    [home.cli('subscribe', 'c', '--key', 'missing.pem'), 1, 'missing.pem'],
    [away.cli('publish', 'c', 'x'), 4, 'Is the service running?'],
  ];
  for (const [ran, code, says] of cases)
    expect(await ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(says) });
});
