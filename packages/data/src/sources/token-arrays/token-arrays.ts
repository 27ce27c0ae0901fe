import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { DataError } from '../../data-error'
import { folderStore } from './folder-store'
import { openTokenArray, type TokenArray } from './token-array'

/** A folder of zarr as the authors of TTT-E2E keep tokens: an array to train on and, beside it, one to measure on. */
export interface TokenArrays {
  name: string
  train: TokenArray
  /** What is read of `val`; undefined where it isn't there. */
  held?: TokenArray
  /** What tells these arrays from any others, cheap however large they are; see `digestOfArray`. */
  record(): TokenArraysRecord
}

export interface TokenArraysRecord {
  sha256: string
  files: Record<string, { sha256: string; tokens: number }>
}

const splits = { train: 'train', held: 'val' } as const

/** Whether a folder is one of token arrays, by its files. */
export const isTokenArrays = (folder: string): boolean =>
  descriptions.some((name) =>
    [name, ...Object.values(splits).map((split) => join(split, name))].some((file) =>
      existsSync(join(folder, file)),
    ),
  )

const descriptions = ['zarr.json', '.zgroup', '.zarray']

/**
 * Opens a folder of token arrays in zarr, version 2 or 3: `train` and, where it is there, `val`, one-dimensional, of uint16,
 * uint32 or int32, sharded or not. Only their descriptions are read.
 *
 * @throws DataError for a folder without `train`, or arrays of anything but tokens; FileError
 */
export async function openTokenArrays(folder: string): Promise<TokenArrays> {
  const store = folderStore(folder)
  const open = (split: string) => openTokenArray(store, `/${split}`, `'${join(folder, split)}'`)
  const train = await open(splits.train)
  if (!train)
    throw new DataError(
      `'${folder}' has no array '${splits.train}'; tokens to train on lie in '${splits.train}', those to measure on in '${splits.held}'`,
    )
  const held = await open(splits.held)
  return {
    name: basename(resolve(folder)),
    train,
    ...(held && { held }),
    record() {
      const files = Object.fromEntries(
        [train, ...(held ? [held] : [])].map(({ length }, i) => {
          const split = i === 0 ? splits.train : splits.held
          return [split, { sha256: digestOfArray(join(folder, split)), tokens: length }]
        }),
      )
      return { sha256: createHash('sha256').update(JSON.stringify(files)).digest('hex'), files }
    },
  }
}

/**
 * A hash of an array's description and of the names and sizes of all its other files, whose contents are not read: of arrays
 * as large as these that would take hours. Other tokens are told from these where they take other sizes, compressed.
 */
function digestOfArray(folder: string): string {
  const hash = createHash('sha256')
  const visit = (path: string) => {
    for (const name of readdirSync(join(folder, path)).sort((a, b) => (a < b ? -1 : 1))) {
      const below = path === '' ? name : `${path}/${name}`
      const found = statSync(join(folder, below))
      if (found.isDirectory()) visit(below)
      else if (descriptions.includes(name)) hash.update(`${below}:`).update(readFileSync(join(folder, below)))
      else if (!name.startsWith('.')) hash.update(`${below}:${found.size};`)
    }
  }
  try {
    visit('')
  } catch (error) {
    throw asFileError(error, { attempt: 'read' })
  }
  return hash.digest('hex')
}
