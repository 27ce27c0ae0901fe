import type { S3Client } from '@aws-sdk/client-s3'
import { StoreError } from '../memory-store'

/** An object as a listing has it. */
export interface ListedObject {
  key: string
  etag: string
  changed: Date
}

/** What a write finds there: nothing, or what has this tag. */
export type Expected = 'nothing' | { etag: string }

/** A bucket of S3, or of a store that speaks like it, below a prefix. */
export class Bucket {
  private constructor(
    private readonly sdk: typeof import('@aws-sdk/client-s3'),
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
    /** For people. */
    readonly name: string,
  ) {}

  /**
   * @param url `s3://bucket[/prefix][?endpoint=https://…&region=…]`; credentials as the AWS SDK finds them
   * @throws StoreError if the client isn't installed
   */
  static async open(url: URL): Promise<Bucket> {
    const sdk = await import('@aws-sdk/client-s3').catch(() => {
      throw new StoreError('--store s3:// needs the package @aws-sdk/client-s3; install it beside the server')
    })
    const endpoint = url.searchParams.get('endpoint')
    const region = url.searchParams.get('region') ?? process.env.AWS_REGION ?? 'us-east-1'
    const client = new sdk.S3Client({
      region,
      maxAttempts: 3,
      // Not every store knows the checksums that AWS has added.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint !== null && { endpoint, forcePathStyle: true }),
    })
    const below = url.pathname.replace(/^\/|\/$/g, '')
    return new Bucket(sdk, client, url.hostname, below && `${below}/`, `s3://${url.host}${url.pathname}`)
  }

  async read(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    try {
      const got = await this.client.send(new this.sdk.GetObjectCommand(this.at(key)))
      return { bytes: await got.Body!.transformToByteArray(), etag: got.ETag! }
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw this.refused(error)
    }
  }

  /** @returns whether it found there what was expected */
  async write(key: string, body: Uint8Array | string, expected?: Expected): Promise<boolean> {
    const condition =
      expected === undefined ? {} : expected === 'nothing' ? { IfNoneMatch: '*' } : { IfMatch: expected.etag }
    try {
      await this.client.send(new this.sdk.PutObjectCommand({ ...this.at(key), Body: body, ...condition }))
      return true
    } catch (error) {
      if (expected !== undefined && [404, 409, 412].includes(statusOf(error) ?? 0)) return false
      throw this.refused(error)
    }
  }

  async remove(key: string): Promise<void> {
    try {
      await this.client.send(new this.sdk.DeleteObjectCommand(this.at(key)))
    } catch (error) {
      if (statusOf(error) !== 404) throw this.refused(error)
    }
  }

  async list(below: string): Promise<ListedObject[]> {
    const found: ListedObject[] = []
    let from: string | undefined
    try {
      do {
        const page = await this.client.send(
          new this.sdk.ListObjectsV2Command({
            Bucket: this.bucket,
            Prefix: this.prefix + below,
            ...(from !== undefined && { ContinuationToken: from }),
          }),
        )
        for (const { Key, ETag, LastModified } of page.Contents ?? [])
          found.push({
            key: Key!.slice(this.prefix.length),
            etag: ETag!,
            changed: LastModified ?? new Date(),
          })
        from = page.NextContinuationToken
      } while (from !== undefined)
      return found
    } catch (error) {
      throw this.refused(error)
    }
  }

  close(): void {
    this.client.destroy()
  }

  private at = (key: string) => ({ Bucket: this.bucket, Key: this.prefix + key })

  private refused(error: unknown): StoreError {
    const { name, message } = error as Error
    const what = statusOf(error) === undefined ? "can't be reached" : 'refuses'
    return new StoreError(`the store ${this.name} ${what}: ${message || name}`)
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
