// Commands that list things and have others within: what they do with a word too many, which is one of those, misspelt.
import type { Command } from 'commander';
import { nearest } from '../core/nearest.js';

/** Said once all that is within is there: commander hands its settings on to what is added later. */
export function refuseUnknownWithin(command: Command): void {
  command.allowExcessArguments().hook('preAction', (own, called) => {
    const [name = ''] = own.args;
    if (called === own && own.args.length > own.registeredArguments.length) {
      own.error(`error: unknown command '${name}'\n(${meant(name, own)})`);
    }
  });
}

function meant(name: string, { commands }: Command): string {
  const names = commands.map((command) => command.name());
  const near = nearest(name, names);
  return near === null ? `There are: ${names.join(', ')}` : `Did you mean ${near}?`;
}
