/** 'VOUCHER-1-17' of a grant message; of a message that is none, a name that nothing has. */
export function targetNamedIn(body: string): string {
  const match = /"eventId":"(\d+)".*"(voucher|point)EventTargetId":"(\d+)"/.exec(body);
  const [, promotionId = '', kind = '', targetId = ''] = match ?? [];
  return `${kind.toUpperCase()}-${promotionId}-${targetId}`;
}
