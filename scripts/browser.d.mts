import type { Browser } from 'playwright-core'

/** The path of a Chromium on this machine; $CHROME names another. @throws in CI where there is none */
export function findBrowser(): string | undefined

/**
 * @param options.webGpu whether pages have a WebGPU adapter, which computes on the processor; not where left out
 * @throws where there is none
 */
export function launchBrowser(options?: { webGpu?: boolean }): Promise<Browser>
