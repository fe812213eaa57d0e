// pyarrow, as published on PyPI: a reader of Parquet that has nothing to do with the writer.
import path from 'node:path';
import { command } from './cache.js';
import { pythonMissing, venvOf } from './python.js';

const VERSION = '26.0.1';

export const pyarrowMissing = pythonMissing;

/** Of a value: text, whatever its type; lists of such; null. See the program for how each type is told. */
export type Told = string | null | readonly Told[];

export interface ToldFile {
  /** `name: type`, `not null` where it is said. */
  readonly schema: readonly string[];
  readonly rowGroups: number;
  /** Column by column. */
  readonly columns: Readonly<Record<string, readonly Told[]>>;
}

export async function readParquet(file: string): Promise<ToldFile> {
  const python = path.join(await venvOf('pyarrow', VERSION), 'python');
  return JSON.parse(await command(python, ['-c', PROGRAM, file])) as ToldFile;
}

/**
 * Numbers as text; reals as the hex of their bits, bytes as hex; dates as days, times and timestamps as microseconds since
 * their beginning. It also holds the least and greatest that row groups tell of against what they hold.
 */
const PROGRAM = `
import json, struct, sys
import pyarrow as pa, pyarrow.parquet as pq
import pyarrow.compute as pc

def tell(array):
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return tell(array.storage)
    if pa.types.is_list(kind):
        items = tell(array.values)
        offsets = array.offsets.to_pylist()
        valid = array.is_valid().to_pylist()
        return [items[a:b] if ok else None for a, b, ok in zip(offsets, offsets[1:], valid)]
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        return texts(array.cast(pa.int64()))
    if pa.types.is_date32(kind):
        return texts(array.cast(pa.int32()))
    if pa.types.is_float32(kind):
        return [None if v is None else struct.pack('>f', v).hex() for v in array.to_pylist()]
    if pa.types.is_float64(kind):
        return [None if v is None else struct.pack('>d', v).hex() for v in array.to_pylist()]
    if pa.types.is_binary(kind):
        return [None if v is None else v.hex() for v in array.to_pylist()]
    if pa.types.is_decimal(kind):
        return [None if v is None else format(v, 'f') for v in array.to_pylist()]
    if pa.types.is_boolean(kind):
        return [None if v is None else str(v).lower() for v in array.to_pylist()]
    return texts(array)

def texts(array):
    return [None if v is None else str(v) for v in array.to_pylist()]

def check(file):
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        table = file.read_row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            stats = column.statistics
            if stats is None or not stats.has_min_max or '.' in column.path_in_schema:
                continue
            values = table.column(column.path_in_schema)
            if pa.types.is_floating(values.type):
                values = values.filter(pc.invert(pc.is_nan(values)))
            if isinstance(values.type, pa.BaseExtensionType) or pa.types.is_binary(values.type):
                continue
            least, greatest = pc.min_max(values).as_py().values()
            assert stats.min <= least and stats.max >= greatest, (column.path_in_schema, stats, least, greatest)

file = pq.ParquetFile(sys.argv[1])
check(file)
table = file.read().combine_chunks()
columns = {}
for name in table.column_names:
    column = table.column(name)
    columns[name] = tell(column.chunk(0)) if column.num_chunks else []
schema = [f'{field.name}: {field.type}{"" if field.nullable else " not null"}' for field in table.schema]
json.dump({'schema': schema, 'rowGroups': file.num_row_groups, 'columns': columns}, sys.stdout)
`;
