import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { findProgram, startServer, type StartedServer } from './start-server'

export const redisProgram = findProgram('redis-server', 'REDIS_SERVER')
/** Of the Python package `moto[server]`. */
export const s3Program = findProgram('moto_server', 'MOTO_SERVER')

/** Redis that writes ahead. */
export async function startRedis(): Promise<StartedServer & { url: string }> {
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
export async function startS3(): Promise<StartedServer & { url: string }> {
  process.env.AWS_ACCESS_KEY_ID ??= 'test'
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test'
  const server = await startServer(s3Program!, (port) => ['-H', '127.0.0.1', '-p', String(port)])
  const endpoint = `http://127.0.0.1:${server.port}`
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
  await client.send(new CreateBucketCommand({ Bucket: 'memories' }))
  client.destroy()
  return { ...server, url: `s3://memories/kept?endpoint=${endpoint}` }
}
