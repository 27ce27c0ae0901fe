import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { MemoryStore } from '../memory-store'
import { RedisStore } from '../redis/redis-store'
import { S3Store } from '../s3/s3-store'
import { findProgram, startServer, type StartedServer } from './start-server'

const redisProgram = findProgram('redis-server', 'REDIS_SERVER')
/** Of the Python package `moto[server]`. */
const s3Program = findProgram('moto_server', 'MOTO_SERVER')

/** `url` as `--store` has it. */
export type StartedStore = StartedServer & { url: string }

/** Redis that writes ahead. */
async function startRedis(): Promise<StartedStore> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const server = await startServer(redisProgram!, (port) => [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ])
  return { ...server, url: `redis://127.0.0.1:${server.port}` }
}

/** A store that speaks as S3 does, with a bucket. */
async function startS3(): Promise<StartedStore> {
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const server = await startServer(s3Program!, (port) => ['-H', '127.0.0.1', '-p', String(port)])
  const endpoint = `http://127.0.0.1:${server.port}`
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
  await client.send(new CreateBucketCommand({ Bucket: 'memories' }))
  client.destroy()
  return { ...server, url: `s3://memories/kept?endpoint=${endpoint}` }
}

/** The stores that several servers can share. */
export const sharedStores = {
  redis: {
    missing: redisProgram === undefined,
    start: startRedis,
    open: (url: string): Promise<MemoryStore> => RedisStore.open(new URL(url)),
  },
  s3: {
    missing: s3Program === undefined,
    start: startS3,
    open: (url: string): Promise<MemoryStore> => S3Store.open(new URL(url)),
  },
}

/** The same in a list, for tests of all. */
export const eachSharedStore = (['redis', 's3'] as const).map((name) => ({ name, ...sharedStores[name] }))
