// Completion scripts for shells, made of the commands themselves: names, options, and the values that some of them take.
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, program: Command): string {
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  return { bash, zsh, fish }[shell](commands.map(describe));
}

interface Described {
  /** `backup`, `connections check`. */
  readonly path: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What can follow: commands within, or the values of its argument. */
  readonly words: readonly string[];
}

interface Flag {
  readonly name: string;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

function describe(command: Command): Described {
  const inner = command.parent?.parent ? `${command.parent.name()} ` : '';
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return {
    path: `${inner}${command.name()}`,
    summary: command.description(),
    flags: command.options.map(flagOf),
    words: [...command.commands.map((each) => each.name()), ...values],
  };
}

function flagOf({ long, description, required, optional, argChoices }: Option): Flag {
  return {
    name: long ?? '',
    summary: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** The words before the one that is typed tell the command: the longest path that they begin with. */
function bash(commands: readonly Described[]): string {
  const top = commands.filter(({ path }) => !path.includes(' ')).map(({ path }) => path);
  const cases = commands.map(
    ({ path, flags, words }) =>
      `    '${path}') words='${[...words, ...flags.map(({ name }) => name)].join(' ')}' ;;`,
  );
  const values = valuesOf(commands).map(
    ([name, choices]) =>
      `    ${name}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$typed")); return ;;`,
  );
  return `# longhaul completion for bash: eval "$(longhaul completion bash)"
_longhaul() {
  local typed="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}" words='${top.join(' ')}'
  case "$before" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${inner(commands)
  .map(({ path }) => `    '${path}') [ "$COMP_CWORD" -gt 2 ] && command='${path}' ;;`)
  .join('\n')}
  esac
  [ "$COMP_CWORD" -gt 1 ] && words='' && case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$typed"))
}
complete -F _longhaul longhaul`;
}

/** zsh runs the completion of bash; its own descriptions come from \`_describe\`. */
function zsh(commands: readonly Described[]): string {
  const top = commands.filter(({ path }) => !path.includes(' '));
  const names = top.map(({ path, summary }) => `    ${quoted(`${path}:${summary}`)}`);
  const cases = commands.map(
    ({ path, flags, words }) =>
      `    '${path}') options=(${[...words, ...flags.map((flag) => `${flag.name}:${flag.summary}`)].map(quoted).join(' ')}) ;;`,
  );
  const values = valuesOf(commands).map(
    ([name, choices]) => `    ${name}) compadd ${choices.join(' ')}; return ;;`,
  );
  return `#compdef longhaul
# longhaul completion for zsh: eval "$(longhaul completion zsh)"
_longhaul() {
  local -a commands options
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "\${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  local command="\${words[2]}"
  case "\${words[2]} \${words[3]}" in
${inner(commands)
  .map(({ path }) => `    '${path}') (( CURRENT > 3 )) && command='${path}' ;;`)
  .join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  _describe option options || _files
}
compdef _longhaul longhaul`;
}

function fish(commands: readonly Described[]): string {
  const lines = commands.flatMap(({ path, summary, flags, words }) => {
    const [first = '', second] = path.split(' ');
    const seen = `__fish_seen_subcommand_from ${second ?? first}`;
    const own = second
      ? []
      : [`complete -c longhaul -n __fish_use_subcommand -f -a ${first} -d ${escaped(summary)}`];
    const following = words.map((word) => `complete -c longhaul -n '${seen}' -f -a ${word}`);
    return [...own, ...following, ...flags.map((flag) => fishFlag(seen, flag))];
  });
  return ['# longhaul completion for fish: longhaul completion fish | source', ...lines].join('\n');
}

function fishFlag(seen: string, { name, summary, takesValue, choices }: Flag): string {
  const value = takesValue ? ' -r' : '';
  const given = choices.length > 0 ? ` -f -a '${choices.join(' ')}'` : '';
  return `complete -c longhaul -n '${seen}' -l ${name.replace('--', '')}${value}${given} -d ${escaped(summary)}`;
}

function inner(commands: readonly Described[]): readonly Described[] {
  return commands.filter(({ path }) => path.includes(' '));
}

/** Options that take one of a few values; those of the same name take the same. */
function valuesOf(commands: readonly Described[]): [string, readonly string[]][] {
  const flags = commands.flatMap((command) => command.flags).filter(({ choices }) => choices.length > 0);
  return [...new Map(flags.map(({ name, choices }) => [name, choices]))];
}

/** For `_describe`, in which a colon ends the name. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** fish knows \\' and \\\\ in single quotes. */
function escaped(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
