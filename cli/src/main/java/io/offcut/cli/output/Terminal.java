package io.offcut.cli.output;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What stands at the other end of the standard streams.
 *
 * @param out whether standard output is a terminal
 * @param err whether standard error is a terminal
 * @param columns its width; 80 where there is none
 * @param colour whether bold and colours are wanted
 */
public record Terminal(boolean out, boolean err, int columns, boolean colour) {
    private static final int DEFAULT_COLUMNS = 80;
    private static final int MIN_COLUMNS = 40;

    /** No terminal at all. */
    public static final Terminal NONE = new Terminal(false, false, DEFAULT_COLUMNS, false);

    /** That of this process. */
    public static Terminal detect(Map<String, String> environment) {
        boolean out = isTerminal(1);
        boolean err = isTerminal(2);
        String name = environment.getOrDefault("TERM", "dumb");
        // https://no-color.org: any value that is not empty
        boolean colour = environment.getOrDefault("NO_COLOR", "").isEmpty() && !name.equals("dumb");
        return new Terminal(out, err, columns(environment, out || err), colour);
    }

    /** Where a file descriptor leads is seen in /proc (proc_pid_fd(5)). */
    private static boolean isTerminal(int descriptor) {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
            return target.startsWith("/dev/pts")
                    || target.toString().startsWith("/dev/tty")
                    || target.toString().equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static int columns(Map<String, String> environment, boolean terminal) {
        int told = number(environment.getOrDefault("COLUMNS", ""));
        if (told == 0 && terminal) {
            told = sttyColumns();
        }
        return told == 0 ? DEFAULT_COLUMNS : Math.max(MIN_COLUMNS, told);
    }

    /** {@code stty size} prints rows and columns of its standard input. */
    private static int sttyColumns() {
        try {
            Process stty =
                    new ProcessBuilder("stty", "size")
                            .redirectInput(new File("/dev/tty"))
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!stty.waitFor(1, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return 0;
            }
            byte[] text = stty.getInputStream().readNBytes(32);
            String[] words = new String(text, StandardCharsets.US_ASCII).strip().split(" ", -1);
            return words.length == 2 ? number(words[1]) : 0;
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    private static int number(String text) {
        return text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    }

    /** The text in bold, where that is wanted and seen. */
    public String bold(String text) {
        return out && colour ? "\033[1m" + text + "\033[0m" : text;
    }
}
