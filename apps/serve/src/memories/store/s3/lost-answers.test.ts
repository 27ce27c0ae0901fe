import { expect, it } from 'vitest'
import { recordOf } from '../testing/records'
import { standBetween } from '../testing/between'
import { sharedStores } from '../testing/servers'

const { missing, start, open } = sharedStores.s3

it.skipIf(missing)(
  'keeps what was written though the answer to it was lost: the client that tries again finds its own',
  async () => {
    const server = await start()
    const lost: string[] = []
    let loses = false
    const between = await standBetween(server.port, ({ method, url }) => {
      if (!loses || method !== 'PUT' || !url?.includes('/records/')) return 'answered'
      loses = false
      lost.push(url)
      return 'answer lost'
    })
    const store = await open(server.url.replace(String(server.port), String(between.port)))
    const first = recordOf()
    const second = { ...first, version: 2, written: 2 }
    for (const [version, record] of [first, second].entries()) {
      loses = true
      await store.put(record, Uint8Array.of(version))
      expect(await store.get(first.id)).toEqual(record)
      expect([...(await store.content(record))!]).toEqual([version])
    }
    loses = true
    await store.put({ ...second, version: 3, name: 'named' })
    expect(await store.get(first.id)).toMatchObject({ version: 3, name: 'named' })
    expect([...(await store.content(second))!]).toEqual([1])
    expect(lost).toHaveLength(3)
    await store.close()
    between.close()
    await server.stop()
  },
  60_000,
)
