import type { MiddlewareHandler } from 'hono'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'

/** Tells an OpenTelemetry collector of each request. */
export interface Tracing {
  middleware: MiddlewareHandler
  /** Sends what is left. */
  close(): Promise<void>
}

/**
 * Starts tracing where the environment says where to (`OTEL_EXPORTER_OTLP_ENDPOINT`, or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`); the SDK reads its other variables, too.
 *
 * @returns nothing where nobody asks for traces: then nothing of OpenTelemetry is loaded
 * @throws UserError if its packages aren't installed
 */
export async function startTracing(env = process.env): Promise<Tracing | undefined> {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return undefined
  const [api, node, exporter] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]).catch(() => {
    throw new UserError(
      'traces need the packages @opentelemetry/api, @opentelemetry/sdk-trace-node and ' +
        '@opentelemetry/exporter-trace-otlp-http; install them beside the server, or unset OTEL_EXPORTER_OTLP_ENDPOINT',
    )
  })
  env.OTEL_SERVICE_NAME ??= 'ttt-e2e-serve'
  const provider = new node.NodeTracerProvider({
    spanProcessors: [new node.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  })
  provider.register()
  const tracer = provider.getTracer('serve')
  return {
    async middleware(c, next) {
      const headers = Object.fromEntries(c.req.raw.headers)
      const parent = api.propagation.extract(api.context.active(), headers)
      const attributes = { 'http.request.method': c.req.method, 'url.path': c.req.path }
      const options = { kind: api.SpanKind.SERVER, attributes }
      await tracer.startActiveSpan(`${c.req.method} ${c.req.path}`, options, parent, async (span) => {
        try {
          await next()
          const { status } = c.res
          span.setAttribute('http.response.status_code', status)
          const tenant = c.get('tenant')
          if (tenant) span.setAttribute('tenant', tenant.name)
          if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR })
        } finally {
          span.end()
        }
      })
    },
    close: () => provider.shutdown(),
  }
}
