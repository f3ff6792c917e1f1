/** Text of a shader for devices with subgroups, and that for those without: which is taken shows when the shader is made. */
export function either(withSubgroups: string, without: string): string {
  return `//with\n${withSubgroups}\n//without\n${without}\n//end\n`;
}

/** A text with one of two chosen wherever there are. */
export function chosen(text: string, subgroups: boolean): string {
  return text.replaceAll(/\/\/with\n([\s\S]*?)\/\/without\n([\s\S]*?)\/\/end\n/g, subgroups ? '$1' : '$2');
}
