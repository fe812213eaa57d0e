// How each kind of fault is done to the stage. Each resolves when it has struck and is over; one that cannot strike throws.
import type { Fault } from '../test/support/fake-faults.js';
import type { TargetFault as ScriptedFault } from '../test/support/fake-target.js';
import { processFaults } from './process-faults.js';
import type { FaultKind, SourceFault, Strike, TargetFault } from './schedule.js';
import type { Stage } from './stage.js';
import { storeFaults } from './store-faults.js';
import { choose, strikes, type Strikes } from './strikes.js';
import type { Watch } from './watch.js';

const OF_SOURCE: Readonly<Record<SourceFault, (fault: Fault) => Fault>> = {
  'source: reset': (f) => f.reset(),
  'source: silent': (f) => f.hang(),
  'source: silent within': (f) => f.hang('inside'),
  'source: slow': (f) => f.slow(1_000),
  'source: cut off': (f) => f.truncate(),
  'source: cut off, chunked': (f) => f.truncate('chunked'),
  'source: 429': (f) => f.throttle(1),
  'source: 500': (f) => f.status(500).times(2),
  'source: 503': (f) => f.status(503),
  'source: HTML': (f) => f.html(),
  'source: invalid JSON': (f) => f.invalidJson(),
  'source: no records': (f) => f.missingRecords(),
  'source: token expired': (f) => f.expireToken(),
};

const OF_TARGET: Readonly<Record<TargetFault, (fault: ScriptedFault) => ScriptedFault>> = {
  'target: answer lost': (f) => f.lose(),
  'target: reset': (f) => f.reset(),
  'target: 503': (f) => f.status(503, { 'retry-after': '1' }),
};

export function createFaults(stage: Stage, watch: Watch): Strikes {
  const others: Partial<Record<FaultKind, Strikes>> = {
    ...processFaults(stage, watch),
    ...storeFaults(stage, watch),
  };
  return async (strike) => {
    const { kind } = strike;
    if (kind in OF_SOURCE) await struckSource(stage, watch, strike);
    else if (kind in OF_TARGET) await struckTarget(stage, watch, kind as TargetFault);
    else await others[kind]!(strike);
  };
}

async function struckSource({ crm, records }: Stage, watch: Watch, strike: Strike): Promise<void> {
  const stream = choose(Object.keys(records), strike)!;
  const fault = OF_SOURCE[strike.kind as SourceFault](crm.addFault(stream));
  await strikes(strike.kind, () => fault.unfinished() === null);
  watch.struck(strike.kind, { restarts: false });
}

async function struckTarget({ target }: Stage, watch: Watch, kind: TargetFault): Promise<void> {
  const fault = OF_TARGET[kind](target.addFault());
  await strikes(kind, () => fault.isSpent());
  watch.struck(kind, { restarts: false });
}
