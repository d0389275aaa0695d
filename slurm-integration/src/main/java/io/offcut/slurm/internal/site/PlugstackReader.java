package io.offcut.slurm.internal.site;

import io.offcut.slurm.internal.parse.SlurmText;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack;
import io.offcut.slurm.internal.site.SiteFacts.Plugstack.Line;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * Reads plugstack.conf as Slurm does (spank(7)): {@code required|optional PATH ARGUMENTS} and
 * {@code include PATTERN}, comments from {@code #}. Files, lines and bytes are bounded, so that
 * files which include each other, or junk, end in a warning.
 */
final class PlugstackReader {
    static final int MAX_FILES = 200;
    static final int MAX_FILE_BYTES = 1 << 20;

    /** Slurm reads at most so much of a line at once. */
    static final int MAX_LINE = 4095;

    private static final int MAX_LINES = 1000;
    private static final int MAX_WARNINGS = 20;

    private final List<Line> lines = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private int files;

    private PlugstackReader() {}

    static Plugstack read(Path file) {
        PlugstackReader reader = new PlugstackReader();
        String problem = reader.file(file);
        return new Plugstack(file.toString(), problem, reader.lines, reader.warnings);
    }

    /** Reads one file; returns why it cannot be read, or nothing. */
    private String file(Path file) {
        if (files++ >= MAX_FILES) {
            if (files == MAX_FILES + 1) {
                warn(file + ": over " + MAX_FILES + " files are included, perhaps in a circle");
            }
            return "";
        }
        try {
            if (!Files.isRegularFile(file)) {
                return Files.exists(file) ? "is not a file" : "is not there";
            }
            int number = 0;
            for (String line : content(file).split("\n", -1)) {
                line(file, ++number, line);
                if (lines.size() >= MAX_LINES || files > MAX_FILES) {
                    break;
                }
            }
            return "";
        } catch (NoSuchFileException e) {
            return "is not there";
        } catch (IOException e) {
            return "cannot be read: " + e.getClass().getSimpleName();
        }
    }

    private String content(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
            if (bytes.length > MAX_FILE_BYTES) {
                warn(file + ": only the first MiB was read");
            }
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    private void line(Path file, int number, String text) {
        String place = file + ":" + number;
        if (text.length() > MAX_LINE) {
            warn(place + ": a line of " + text.length() + " characters; Slurm reads " + MAX_LINE);
            return;
        }
        List<String> words = words(text);
        if (words.isEmpty()) {
            return;
        }
        String kind = words.getFirst();
        boolean known = List.of("required", "optional", "include").contains(kind);
        if (!known || words.size() < 2) {
            warn(place + ": Slurm passes over '" + SlurmText.free(kind) + "'");
        } else if (kind.equals("include")) {
            include(file, place, words.get(1));
        } else {
            List<String> arguments = words.subList(2, words.size());
            lines.add(new Line(place, kind.equals("required"), words.get(1), arguments));
        }
    }

    private static List<String> words(String text) {
        int hash = text.indexOf('#');
        String used = hash < 0 ? text : text.substring(0, hash);
        return Arrays.stream(used.split("[ \t\r]+", -1)).filter(w -> !w.isEmpty()).toList();
    }

    private void include(Path file, String place, String pattern) {
        if (pattern.indexOf('\0') >= 0) {
            warn(place + ": a path that is none");
            return;
        }
        Path wanted = file.resolveSibling(pattern);
        for (Path found : matches(place, wanted)) {
            if (files > MAX_FILES) {
                return;
            }
            String problem = file(found);
            if (!problem.isEmpty()) {
                warn(found + ": " + problem);
            }
        }
    }

    /** The files of a pattern; like most, it may have wildcards in its last part only. */
    private List<Path> matches(String place, Path wanted) {
        Path name = wanted.getFileName();
        Path folder = wanted.getParent();
        if (name == null || folder == null || !hasWildcard(name.toString())) {
            return Files.exists(wanted) ? List.of(wanted) : List.of();
        }
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, name.toString())) {
            return sorted(entries);
        } catch (IOException | DirectoryIteratorException | PatternSyntaxException e) {
            warn(place + ": " + wanted + " cannot be listed");
            return List.of();
        }
    }

    private static List<Path> sorted(DirectoryStream<Path> entries) {
        List<Path> found = new ArrayList<>();
        for (Path entry : entries) {
            boolean hidden = entry.getFileName().toString().startsWith(".");
            if (!hidden && found.size() <= MAX_FILES) {
                found.add(entry);
            }
        }
        return found.stream().sorted().toList();
    }

    private static boolean hasWildcard(String name) {
        return Stream.of("*", "?", "[").anyMatch(name::contains);
    }

    private void warn(String text) {
        if (warnings.size() < MAX_WARNINGS) {
            warnings.add(SlurmText.free(text));
        }
    }
}
