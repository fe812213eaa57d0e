// The small parts of the PostgreSQL connector that need no server: names, slots, the meaning of errors.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asLonghaulError } from '../../src/connectors/postgres/errors.js';
import { streamName, tableName } from '../../src/connectors/postgres/names.js';
import { createSlots } from '../../src/connectors/postgres/slots.js';
import { Stopped } from '../../src/core/errors.js';
import { testContext } from '../support/reading.js';

describe('stream names of tables', () => {
  test('leave schema public out and put quotes where a dot would be read wrong', () => {
    expect(streamName({ schema: 'public', table: 'orders' })).toBe('orders');
    expect(streamName({ schema: 'shop', table: 'Orders 2' })).toBe('shop.Orders 2');
    expect(streamName({ schema: 'public', table: 'a.b' })).toBe('"a.b"');
  });

  test('mean the same table with and without public', () => {
    expect(tableName('public.orders')).toEqual(tableName('orders'));
  });

  test('lead back to the table they were made of, for any name', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'B', '.', '"', ' ', 'ü'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(name, name, (schema, table) => {
        expect(tableName(streamName({ schema, table }))).toEqual({ schema, table });
      }),
    );
  });
});

describe('slots', () => {
  test('let in no more than their limit, and the next one when one is given back', async () => {
    const slots = createSlots(2);
    const release = await slots.acquire(testContext());
    await slots.acquire(testContext());
    let entered = false;
    const third = slots.acquire(testContext()).then(() => (entered = true));
    await Promise.resolve();
    expect(entered).toBe(false);
    release();
    await third;
    expect(entered).toBe(true);
  });

  test('stop waiting when the job is stopped, and lose no slot by it', async () => {
    const slots = createSlots(1);
    const release = await slots.acquire(testContext());
    const ctx = testContext();
    const waiting = slots.acquire(ctx);
    ctx.halt();
    await expect(waiting).rejects.toBeInstanceOf(Stopped);
    release();
    await expect(slots.acquire(testContext())).resolves.toBeTypeOf('function');
  });
});

describe('errors of the server', () => {
  test.each([
    ['57P01', 'source_unreachable'],
    ['08006', 'source_unreachable'],
    ['53300', 'source_unavailable'],
    ['40001', 'source_unavailable'],
    ['28P01', 'unauthorized'],
    ['42501', 'permission_denied'],
    ['42P01', 'table_missing'],
    ['42703', 'table_changed'],
    ['57014', 'source_timeout'],
    ['55P03', 'source_timeout'],
    ['57P04', 'database_error'],
    ['22012', 'database_error'],
    ['ECONNREFUSED', 'source_unreachable'],
    ['EPIPE', 'source_unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'config_invalid'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'config_invalid'],
  ])('are named by what they ask for: %s is %s', (code, named) => {
    expect(asLonghaulError({ code, message: 'as the server says' }, 'here')).toMatchObject({
      code: named,
      message: 'here: as the server says',
    });
  });

  test('carry nothing but the primary message: details can hold records', () => {
    const error = asLonghaulError(
      { code: '23505', message: 'duplicate', detail: 'Key (iban)=(DE00)' },
      'here',
    );
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('DE00');
  });
});
