import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { seriousViolations } from '../runner/accessibility.ts';
import { paste } from '../runner/paste.ts';
import { expect, test } from '../runner/test.ts';

/** Lines of text, each another one, of so many bytes in all. */
function linesOf(bytes: number): string {
  const lines: string[] = [];
  for (let line = 0; lines.length * 64 < bytes; line += 1) {
    lines.push(createHash('sha256').update(String(line)).digest('hex').slice(0, 63));
  }
  return `${lines.join('\n')}\n`;
}

/** A program that switches bracketed paste on, waits for a file, and then reports how long the paste was and what came next. */
function lateReader(go: string): string {
  const script =
    '$/ = "\\x1b[201~"; $_ = <STDIN>; $/ = \\1; printf "closed %d, then %vd\\r\\n", length, scalar <STDIN>; print "\\x1b[?2004l"';
  return `stty raw -echo; printf '\\e[?2004h'; echo "late $((1 + 1))"; until [ -e '${go}' ]; do sleep 0.1; done; perl -e '${script}'; stty sane`;
}

test('4 MB that are pasted arrive whole in a program that reads raw bytes', async ({ app }) => {
  const text = linesOf(4 * 1_048_576);
  const sent = text.replaceAll('\n', '\r');
  await app.openTab();
  await app.terminal.run(
    `stty raw -echo; echo "reads $((1 + 1))"; head -c ${Buffer.byteLength(sent)} | sha256sum; stty sane`,
  );
  await app.terminal.waitForLine('reads 2');
  await paste(app.terminal.input, text);
  await app.question.getByTestId('question-confirm').click();
  await app.terminal.waitForLine(new RegExp(createHash('sha256').update(sent).digest('hex')));
});

test('a paste that no program reads is shown, and closed when it is cancelled', async ({ app }, testInfo) => {
  const go = testInfo.outputPath('go');
  await app.openTab();
  await app.terminal.run(lateReader(go));
  await app.terminal.waitForLine(/late 2/);
  await paste(app.terminal.input, linesOf(2 * 1_048_576));
  await expect(app.inputBar).toContainText('Pasting…');
  await expect(app.inputBar.getByRole('progressbar')).toHaveAttribute('max', /^2\d{6}$/);
  await expect(app.page.getByTestId('announcer')).toContainText('Press Escape to cancel.');
  expect(await seriousViolations(app.page)).toEqual([]);
  await app.terminal.input.focus();
  await app.page.keyboard.press('Escape');
  await expect(app.inputBar).toContainText('Paste cancelled.');
  // What is typed next comes behind the end of the paste, and takes the message away.
  await app.terminal.type('A');
  await expect(app.inputBar).toBeHidden();
  await writeFile(go, '');
  await app.terminal.waitForLine(/closed \d+, then 65/);
});

test('Ctrl+C ends a paste that is under way, and is what the program reads next', async ({ app }, testInfo) => {
  const go = testInfo.outputPath('go');
  await app.openTab();
  await app.terminal.run(lateReader(go));
  await app.terminal.waitForLine(/late 2/);
  await paste(app.terminal.input, linesOf(2 * 1_048_576));
  await app.page.keyboard.press('Control+c');
  await expect(app.inputBar).toContainText('Paste cancelled.');
  await writeFile(go, '');
  await app.terminal.waitForLine(/closed \d+, then 3/);
});

test('how much of a paste did not arrive is said when the session ends', async ({ app }, testInfo) => {
  const go = testInfo.outputPath('go');
  await app.openTab();
  const deaf = `until [ -e '${go}' ]; do sleep 0.1; done; exit`;
  await app.terminal.run(`stty raw -echo; printf '\\e[?2004h'; echo "deaf $((1 + 1))"; ${deaf}`);
  await app.terminal.waitForLine(/deaf 2/);
  await paste(app.terminal.input, linesOf(2 * 1_048_576));
  await expect(app.inputBar).toContainText('Pasting…');
  await writeFile(go, '');
  await expect(app.inputBar).toContainText(
    /Paste cut off because the session ended\. \d+ k?B of 2\.1 MB had arrived\./,
  );
  await app.inputBar.getByRole('button', { name: 'Dismiss' }).click();
  await expect(app.inputBar).toBeHidden();
});
