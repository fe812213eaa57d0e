// The Link header field (RFC 8288): `<…>; rel="next", <…>; rel=prev`.

const LINK = /<([^>]*)>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))?)*)/g;
const REL = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

/** The target of the first link with this relation. */
export function linkTarget(field: string, rel: string): string | null {
  for (const [, target, params] of field.matchAll(LINK)) {
    const [, quoted, bare] = REL.exec(params ?? '') ?? [];
    const relations = (quoted ?? bare ?? '').toLowerCase().split(/\s+/);
    if (relations.includes(rel.toLowerCase())) return target ?? null;
  }
  return null;
}
