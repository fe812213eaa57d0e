// What people see of a job without any worker: memo, search attribute, and the current details of the Web UI.
import { condition, setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { estimatedRecords, streamsView, tallies, type Board } from '../core/board.js';
import type { SealSummary } from '../core/connector.js';
import type { ErrorData } from '../core/errors.js';
import type { JobState } from '../core/job.js';
import { MEMO, SEARCH_ATTRIBUTES } from '../core/names.js';
import type { JobMemo } from '../core/work.js';
import type { Steering } from './steering.js';

const stateKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.state, SearchAttributeType.KEYWORD);

export interface Outcome {
  readonly result?: SealSummary;
  readonly error?: ErrorData;
}

export interface Display {
  /** Shows the board as it is at the end of this activation: many changes, one write. */
  readonly changed: () => void;
  /** Shows a final state at once. */
  end(state: JobState, outcome: Outcome): void;
  memo(state: JobState, outcome?: Outcome): JobMemo;
}

export function createDisplay(board: Board, steering: () => Steering): Display {
  let dirty = true;
  let shown: JobState | null = null;
  let ended = false;

  function memo(state: JobState, { result, error }: Outcome = {}): JobMemo {
    return {
      state,
      startedAt: board.startedAt,
      tallies: tallies(board),
      estimatedRecords: estimatedRecords(board),
      streams: streamsView(board),
      streamsTotal: board.streamsTotal,
      lanes: board.lanes,
      ...(board.requestsPerSecond !== undefined && { requestsPerSecond: board.requestsPerSecond }),
      wait: state === 'waiting' ? board.wait : null,
      result: result ?? null,
      error: error ?? null,
    };
  }

  function show(state: JobState, outcome?: Outcome): void {
    const now = memo(state, outcome);
    upsertMemo({ [MEMO.job]: now });
    if (state !== shown) upsertSearchAttributes([{ key: stateKey, value: state }]);
    setCurrentDetails(details(now));
    shown = state;
  }

  async function follow(): Promise<void> {
    for (;;) {
      await condition(() => dirty);
      dirty = false;
      if (ended) return;
      show(stateOf(board, steering()));
    }
  }
  void follow();

  return {
    changed: () => void (dirty = true),
    end(state, outcome) {
      ended = true;
      show(state, outcome);
    },
    memo,
  };
}

function stateOf(board: Board, steering: Steering): JobState {
  if (steering.halt?.reason === 'cancelled') return 'cancelling';
  if (board.paused) return 'paused';
  if (board.wait && board.running.size === 0) return 'waiting';
  return 'running';
}

/** Markdown for the Web UI. */
function details(memo: JobMemo): string {
  const lines = memo.streams.map(
    ({ name, state, records, partitions }) =>
      `| ${name.replaceAll('|', '\\|')} | ${state} | ${partitions.done}/${partitions.total} | ${grouped(records)} |`,
  );
  const wait = memo.wait
    ? `Waiting until ${new Date(memo.wait.until).toISOString()}: ${memo.wait.reason}.\n\n`
    : '';
  const head = `**${memo.state}** · ${grouped(memo.tallies.records)} records of finished chunks\n\n${wait}`;
  return `${head}| stream | state | partitions | records |\n| --- | --- | --- | --- |\n${lines.join('\n')}`;
}

/** 1234567 → 1 234 567: no Intl in deterministic code, whose locale data change with Node. */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ');
}
