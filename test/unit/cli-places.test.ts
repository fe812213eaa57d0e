// SOURCE, SINK and ARCHIVE as they are typed.
import { describe, expect, it } from 'vitest';
import { parseArchive, parseSink, parseSource } from '../../src/cli/places.js';

describe('a source on the command line', () => {
  it.each([
    [['crm'], { connection: 'crm' }],
    [['crm/'], { connection: 'crm' }],
    [['crm/contacts'], { connection: 'crm', streams: ['contacts'] }],
    [['crm/contacts,companies'], { connection: 'crm', streams: ['contacts', 'companies'] }],
    [['crm/contacts', 'crm/companies'], { connection: 'crm', streams: ['contacts', 'companies'] }],
    [['crm/contacts', 'crm/contacts'], { connection: 'crm', streams: ['contacts'] }],
    [['main/public.orders'], { connection: 'main', streams: ['public.orders'] }],
  ])('reads %j', (places, expected) => {
    expect(parseSource(places)).toEqual(expected);
  });

  it.each([
    [['crm/contacts', 'main/orders'], 'one connection'],
    [['crm', 'crm/contacts'], 'all its streams'],
    [['crm/contacts,,companies'], 'no name'],
    [['/contacts'], 'one connection'],
  ])('refuses %j', (places, message) => {
    expect(() => parseSource(places)).toThrow(message);
  });
});

describe('a sink on the command line', () => {
  it('is a connection with or without a prefix', () => {
    expect(parseSink('vault')).toEqual({ connection: 'vault' });
    expect(parseSink('vault/nightly/crm/')).toEqual({ connection: 'vault', prefix: 'nightly/crm' });
  });
});

describe('an archive on the command line', () => {
  it('keeps the prefix before the id', () => {
    expect(parseArchive('vault/nightly/a-1')).toEqual({ connection: 'vault', archive: 'nightly/a-1' });
  });

  it('must be named', () => {
    expect(() => parseArchive('vault')).toThrow('names no archive');
  });
});
