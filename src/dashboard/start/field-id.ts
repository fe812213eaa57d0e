// The id in the page of a field of the form.

export function fieldId(path: string): string {
  return `field-${path.replaceAll('.', '-')}`;
}
