import mysql from 'mysql2';
import type { FieldPacket } from 'mysql2';
import { DataApiError } from './errors.ts';

/** How a column's values are told to the caller. */
export type ColumnKind = 'boolean' | 'bit' | 'integer' | 'float' | 'decimal' | 'text' | 'blob';

export interface Column {
  readonly label: string;
  readonly kind: ColumnKind;
  readonly metadata: Readonly<Record<string, unknown>>;
}

// mysql2 is CommonJS, and Node sees only some of its exports by name.
const { Types } = mysql;

const BINARY_CHARSET = 63;
const FLAG = { notNull: 1, unsigned: 32, binary: 128, autoIncrement: 512 };

interface TypeInfo {
  readonly kind: ColumnKind;
  readonly name: string;
  /** java.sql.Types, which the service's metadata speaks. */
  readonly jdbc: number;
}

const NUMBERS_AND_TIMES: Readonly<Record<number, TypeInfo>> = {
  [Types.TINY]: { kind: 'integer', name: 'TINYINT', jdbc: -6 },
  [Types.SHORT]: { kind: 'integer', name: 'SMALLINT', jdbc: 5 },
  [Types.INT24]: { kind: 'integer', name: 'MEDIUMINT', jdbc: 4 },
  [Types.LONG]: { kind: 'integer', name: 'INT', jdbc: 4 },
  [Types.LONGLONG]: { kind: 'integer', name: 'BIGINT', jdbc: -5 },
  [Types.YEAR]: { kind: 'integer', name: 'YEAR', jdbc: 91 },
  [Types.FLOAT]: { kind: 'float', name: 'FLOAT', jdbc: 7 },
  [Types.DOUBLE]: { kind: 'float', name: 'DOUBLE', jdbc: 8 },
  [Types.DECIMAL]: { kind: 'decimal', name: 'DECIMAL', jdbc: 3 },
  [Types.NEWDECIMAL]: { kind: 'decimal', name: 'DECIMAL', jdbc: 3 },
  [Types.DATE]: { kind: 'text', name: 'DATE', jdbc: 91 },
  [Types.TIME]: { kind: 'text', name: 'TIME', jdbc: 92 },
  [Types.DATETIME]: { kind: 'text', name: 'DATETIME', jdbc: 93 },
  [Types.TIMESTAMP]: { kind: 'text', name: 'TIMESTAMP', jdbc: 93 },
  [Types.JSON]: { kind: 'text', name: 'JSON', jdbc: -1 },
  [Types.NULL]: { kind: 'text', name: 'NULL', jdbc: 0 },
};

const TEXT_OR_BINARY: Readonly<Record<number, { readonly text: TypeInfo; readonly binary: TypeInfo }>> = {
  [Types.VARCHAR]: textOrBinary(['VARCHAR', 12], ['VARBINARY', -3]),
  [Types.VAR_STRING]: textOrBinary(['VARCHAR', 12], ['VARBINARY', -3]),
  [Types.STRING]: textOrBinary(['CHAR', 1], ['BINARY', -2]),
  [Types.ENUM]: textOrBinary(['CHAR', 1], ['BINARY', -2]),
  [Types.SET]: textOrBinary(['CHAR', 1], ['BINARY', -2]),
  [Types.TINY_BLOB]: textOrBinary(['TINYTEXT', -1], ['TINYBLOB', -4]),
  [Types.MEDIUM_BLOB]: textOrBinary(['MEDIUMTEXT', -1], ['MEDIUMBLOB', -4]),
  [Types.LONG_BLOB]: textOrBinary(['LONGTEXT', -1], ['LONGBLOB', -4]),
  [Types.BLOB]: textOrBinary(['TEXT', -1], ['BLOB', -4]),
};

function textOrBinary([text, textJdbc]: [string, number], [binary, binaryJdbc]: [string, number]) {
  return {
    text: { kind: 'text' as const, name: text, jdbc: textJdbc },
    binary: { kind: 'blob' as const, name: binary, jdbc: binaryJdbc },
  };
}

/** @throws UnsupportedResultException for a type that the service does not return (GEOMETRY, VECTOR). */
export function readColumn(field: FieldPacket): Column {
  const flags = typeof field.flags === 'number' ? field.flags : 0;
  const unsigned = (flags & FLAG.unsigned) !== 0;
  const info = typeInfo(field, unsigned);
  const isNumber = info.kind === 'integer' || info.kind === 'float' || info.kind === 'decimal';
  return {
    label: field.name,
    kind: info.kind,
    metadata: {
      arrayBaseColumnType: 0,
      isAutoIncrement: (flags & FLAG.autoIncrement) !== 0,
      isCaseSensitive: info.kind === 'text' && (flags & FLAG.binary) !== 0,
      isCurrency: false,
      isSigned: isNumber && !unsigned,
      label: field.name,
      name: field.orgName === '' ? field.name : field.orgName,
      nullable: (flags & FLAG.notNull) !== 0 ? 0 : 1,
      // A text column's length is in bytes of utf8mb4.
      precision: Math.floor((field.columnLength ?? 0) / (info.kind === 'text' && info.jdbc <= 12 ? 4 : 1)),
      scale: isNumber && field.decimals < 31 ? field.decimals : 0,
      schemaName: '',
      tableName: field.table,
      type: info.jdbc,
      typeName: unsigned && isNumber ? `${info.name} UNSIGNED` : info.name,
    },
  };
}

function typeInfo(field: FieldPacket, unsigned: boolean): TypeInfo {
  const type = field.columnType ?? field.type ?? -1;
  const length = field.columnLength ?? 0;
  // TINYINT(1) is MySQL's BOOLEAN, and the service's connector takes it for one.
  if (type === Types.TINY && length === 1 && !unsigned) return { kind: 'boolean', name: 'BIT', jdbc: -7 };
  if (type === Types.BIT)
    return { kind: length === 1 ? 'bit' : 'blob', name: 'BIT', jdbc: length === 1 ? -7 : -3 };
  const strings = TEXT_OR_BINARY[type];
  if (strings !== undefined) return field.characterSet === BINARY_CHARSET ? strings.binary : strings.text;
  const info = NUMBERS_AND_TIMES[type];
  if (info !== undefined) return info;
  const message = `The result contains the unsupported data type ${field.typeName ?? `of column ${field.name}`}`;
  throw new DataApiError('UnsupportedResultException', message);
}
