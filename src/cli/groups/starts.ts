// The commands that start jobs: `backup`, `export`, `restore`, `copy`, `verify` and `diff`.
import type { Command } from 'commander';
import type { Take } from '../commands/start.js';
import type { Done, Io } from '../io.js';
import {
  compressionOption,
  formatOption,
  modeOption,
  sample,
  several,
  skipDamagedOption,
  whole,
  withCheckpoint,
  withRejects,
  withStart,
  withStreams,
  withWait,
} from '../options.js';
import type { BackupOptions, CopyOptions, ExportOptions, RestoreOptions, VerifyOptions } from '../specs.js';

export function addStarts(program: Command, io: Io, done: Done): void {
  addSpecs(program, io, done);
  addDiff(program, io, done);
}

/** Those that say what a job is to do. `take`: in place of starting it. */
export function addSpecs(program: Command, io: Io, done: Done, take?: Take): void {
  addBackup(program, io, done, take);
  addExport(program, io, done, take);
  addRestore(program, io, done, take);
  addCopy(program, io, done, take);
  addVerify(program, io, done, take);
}

function addBackup(program: Command, io: Io, done: Done, take?: Take): void {
  withRejects(withCheckpoint(withWait(withStart(program.command('backup')))))
    .description('back up a source into an archive')
    .argument('<source...>', 'SOURCE for all streams, or SOURCE/STREAM,STREAM…')
    .requiredOption('--to <sink>', 'SINK or SINK/PREFIX')
    .option('--archive <id>', 'id of the archive (default: the id of the job)')
    .option('--page-size <n>', 'records a page', whole(1, 100_000))
    .addOption(compressionOption('segments'))
    .option('--base <archive>', 'SINK/ARCHIVE of the same objects: what has not changed since is referred to')
    .action(async (sources: string[], options: BackupOptions) =>
      done(await (await starts()).backup(io, sources, options, take)),
    );
}

function addExport(program: Command, io: Io, done: Done, take?: Take): void {
  withStreams(withRejects(withCheckpoint(withWait(withStart(program.command('export'))))))
    .description('write a source or an archive into files that other programs read')
    .argument('[source...]', 'SOURCE, SOURCE/STREAM,STREAM… or SINK/ARCHIVE')
    .option('--archive <archive>', 'SINK/ARCHIVE, where the connection could be a source as well')
    .requiredOption('--to <sink>', 'SINK or SINK/PREFIX')
    .addOption(formatOption())
    .option('--name <name>', 'of the folder that is written (default: the id of the job)')
    .option('--file-bytes <n>', 'a file is closed when it has so many (default: one file a stream)', whole(1))
    .option('--page-size <n>', 'records a page', whole(1, 100_000))
    .addOption(compressionOption('files; parquet compresses within'))
    .addOption(skipDamagedOption())
    .action(async (places: string[], options: ExportOptions) =>
      done(await (await starts()).exportFiles(io, places, options, take)),
    );
}

function addRestore(program: Command, io: Io, done: Done, take?: Take): void {
  withStreams(withRejects(withCheckpoint(withWait(withStart(program.command('restore'))))))
    .description('write an archive into a database or an API')
    .argument('<archive>', 'SINK/ARCHIVE, as `longhaul show ID` prints it')
    .requiredOption('--to <connection>', 'the connection to write to')
    .addOption(modeOption())
    .option('--create', 'make tables that are missing, as the archive describes them')
    .option(
      '--key-from <values>',
      'only from this key on: a value for each field, with commas; needs one --stream',
    )
    .option('--key-to <values>', 'only before this key; needs one --stream')
    .option(
      '--remap <fields>',
      'STREAM.FIELD=STREAM.KEY: refers to what has a new id; may be given several times',
      several,
    )
    .addOption(skipDamagedOption())
    .option('--dry-run', 'read and check everything, and write nothing')
    .action(async (archive: string, options: RestoreOptions) =>
      done(await (await starts()).restore(io, archive, options, take)),
    );
}

function addCopy(program: Command, io: Io, done: Done, take?: Take): void {
  withRejects(withCheckpoint(withWait(withStart(program.command('copy')))))
    .description('copy objects from one place to another; the server does it where it has both')
    .argument('<source...>', 'SOURCE for all streams, or SOURCE/STREAM,STREAM…')
    .requiredOption('--to <connection>', 'the connection to write to, which has streams of these names')
    .addOption(modeOption())
    .option('--page-size <n>', 'objects a page', whole(1, 100_000))
    .action(async (sources: string[], options: CopyOptions) =>
      done(await (await starts()).copy(io, sources, options, take)),
    );
}

function addVerify(program: Command, io: Io, done: Done, take?: Take): void {
  withStreams(withWait(withStart(program.command('verify'))))
    .description('read an archive again and prove it whole, or compare it')
    .argument('<archive>', 'SINK/ARCHIVE, as `longhaul show ID` prints it')
    .option('--against <place>', 'compare its records with those of CONNECTION or SINK/ARCHIVE')
    .option('--sample <percent>', 'read only so many of the segments, such as 10%; each job others', sample)
    .action(async (archive: string, options: VerifyOptions) =>
      done(await (await starts()).verify(io, archive, options, take)),
    );
}

function addDiff(program: Command, io: Io, done: Done): void {
  withStreams(withStart(program.command('diff')))
    .description('compare two archives; exits 1 where they differ')
    .argument('<archive>', 'SINK/ARCHIVE')
    .argument('<other>', 'SINK/ARCHIVE')
    .action(async (archive: string, other: string, options: VerifyOptions) =>
      done(await (await import('../commands/diff.js')).diff(io, archive, other, options)),
    );
}

const starts = () => import('../commands/start.js');
