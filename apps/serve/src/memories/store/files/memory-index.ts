import { join } from 'node:path'
import { FileError } from '@ttt-e2e/tensor-ops/files'
import Database from 'libsql'
import { memoryRecordSchema, type MemoryRecord } from '../../memory-record'
import { StoreError, VersionConflict, type StoreUsage } from '../memory-store'

interface Row {
  record: string
  used: string
}

/**
 * The records of a folder's memories, in SQLite: each change is written ahead and on the disk before it is told of.
 *
 * SQLite by libsql: its addon comes from the registry as a platform package, without an install script.
 */
export class MemoryIndex {
  private readonly path: string
  private readonly database: Database.Database

  /** @throws FileError, or StoreError for a file that is no index */
  constructor(folder: string) {
    this.path = join(folder, 'index.sqlite')
    this.database = this.refusing(() => new Database(this.path))
    this.refusing(() => {
      this.database.pragma('journal_mode = WAL')
      this.database.pragma('synchronous = FULL')
      this.database.exec(
        `CREATE TABLE IF NOT EXISTS memories (
          id TEXT PRIMARY KEY, version INTEGER NOT NULL, tenant TEXT NOT NULL, created TEXT NOT NULL,
          used TEXT NOT NULL, bytes INTEGER NOT NULL, stored INTEGER NOT NULL, record TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS memories_of_tenants ON memories (tenant, created);`,
      )
    })
  }

  get(id: string): MemoryRecord | undefined {
    const row = this.first('SELECT record, used FROM memories WHERE id = ?', id) as Row | undefined
    return row && recordOf(row)
  }

  list(tenant?: string): MemoryRecord[] {
    const [where, values] = whereTenant(tenant)
    const rows = this.refusing(() =>
      this.database.prepare(`SELECT record, used FROM memories ${where} ORDER BY created, id`).all(...values),
    )
    return (rows as Row[]).map(recordOf)
  }

  /** @throws VersionConflict */
  put(record: MemoryRecord): void {
    const { id, version, tenant, created, used, bytes, stored } = record
    const json = JSON.stringify(record)
    const changed =
      version === 1
        ? this.run(
            `INSERT INTO memories (id, version, tenant, created, used, bytes, stored, record)
              VALUES (?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
            id,
            tenant,
            created,
            used,
            bytes,
            stored,
            json,
          )
        : this.run(
            `UPDATE memories SET version = ?, used = ?, bytes = ?, stored = ?, record = ?
              WHERE id = ? AND version = ?`,
            version,
            used,
            bytes,
            stored,
            json,
            id,
            version - 1,
          )
    if (changed === 0) throw new VersionConflict(id)
  }

  delete(id: string): boolean {
    return this.run('DELETE FROM memories WHERE id = ?', id) > 0
  }

  touch(id: string, used: string): void {
    this.run('UPDATE memories SET used = ? WHERE id = ?', used, id)
  }

  usage(tenant?: string): StoreUsage {
    const [where, values] = whereTenant(tenant)
    const { count, bytes, stored } = this.first(
      `SELECT count(*) AS count, total(bytes) AS bytes, total(stored) AS stored FROM memories ${where}`,
      ...values,
    ) as StoreUsage
    return { count, bytes, stored }
  }

  close(): void {
    this.database.close()
  }

  private first(sql: string, ...values: unknown[]): unknown {
    return this.refusing(() => this.database.prepare(sql).get(...values))
  }

  private run(sql: string, ...values: unknown[]): number {
    return this.refusing(() => this.database.prepare(sql).run(...values).changes)
  }

  /** Tells what SQLite says as the file system would. */
  private refusing<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string }
      if (code.startsWith('SQLITE_FULL'))
        throw new FileError(this.path, {
          attempt: 'written',
          reason: 'no space is left on the disk (ENOSPC)',
          systemCode: 'ENOSPC',
        })
      if (code.startsWith('SQLITE'))
        throw new StoreError(`the index '${this.path}' can't be used: ${message} (${code})`)
      throw error
    }
  }
}

const whereTenant = (tenant: string | undefined): [string, string[]] =>
  tenant === undefined ? ['', []] : ['WHERE tenant = ?', [tenant]]

const recordOf = ({ record, used }: Row): MemoryRecord => ({
  ...memoryRecordSchema.parse(JSON.parse(record)),
  used,
})
