// How the launcher talks: lines for people, on stderr in a real run.

export type Say = (line: string) => void;
