// The commands for what jobs leave in stores: `rejects`, `differences`, `files`, `download` and `archives`.
import type { Command } from 'commander';
import type { ClientOptions } from '../commands/common.js';
import type { DownloadOptions } from '../commands/download.js';
import type { PageOptions } from '../commands/results.js';
import type { Done, Io } from '../io.js';
import { withClient, withPages } from '../options.js';
import { refuseUnknownWithin } from '../within.js';

export function addResults(program: Command, io: Io, done: Done): void {
  withPages(withClient(program.command('rejects')), 'records', 200)
    .description('list the records that a job has set aside, with the reasons')
    .argument('<id>')
    .option('--stream <name>', 'only of this stream')
    .action(async (id: string, options: PageOptions) =>
      done(await (await results()).rejects(io, id, options)),
    );
  withPages(withClient(program.command('differences')), 'differences', 1_000)
    .description('list what a comparison has found')
    .argument('<id>')
    .option('--stream <name>', 'only of this stream')
    .action(async (id: string, options: PageOptions) =>
      done(await (await results()).differences(io, id, options)),
    );
  withPages(withClient(program.command('files')), 'files', 1_000)
    .description('list the files that a completed backup or export wrote')
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) =>
      done(await (await results()).files(io, id, options)),
    );
  const archives = withPages(withClient(program.command('archives')), 'archives', 200)
    .description('list the archives and exports in the stores')
    .argument('[place]', 'only of SINK or SINK/PREFIX')
    .action(async (place: string | undefined, options: ClientOptions) =>
      done(await (await results()).archives(io, place, options)),
    );
  withClient(archives.command('rm'))
    .description('remove an archive that no other one refers to')
    .argument('<archive>', 'SINK/ARCHIVE')
    .action(async (archive: string, _: ClientOptions, command: Command) =>
      done(
        await (
          await import('../commands/remove-archive.js')
        ).removeArchive(io, archive, command.optsWithGlobals()),
      ),
    );
  refuseUnknownWithin(archives);
  withClient(program.command('download'))
    .description('download files of a job; goes on where an earlier try ended, and checks each hash')
    .argument('<id>')
    .argument('[path...]', 'files or folders as `longhaul files ID` lists them (default: all)')
    .option('--out <dir>', 'where to put them (default: the id of the job)')
    .action(async (id: string, paths: string[], options: DownloadOptions) =>
      done(await (await import('../commands/download.js')).download(io, id, paths, options)),
    );
}

const results = () => import('../commands/results.js');
