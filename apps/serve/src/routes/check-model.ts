import { ApiError } from '../http/api-error'
import { shown } from '../http/characters'
import type { Service } from '../service'

/** @throws ApiError 404 for another model than the one that is served */
export function checkModel({ id }: Service, asked: string | null | undefined): void {
  if (typeof asked === 'string' && asked !== id)
    throw new ApiError(
      404,
      'model_not_found',
      `there is no model '${shown(asked)}'; there is '${id}'`,
      'model',
    )
}
