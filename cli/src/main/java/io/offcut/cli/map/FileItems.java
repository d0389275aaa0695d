package io.offcut.cli.map;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** From the arguments of a map over files to its items: one input file and one output each. */
final class FileItems {
    /** Names the items that failed, beside the results. */
    static final String FAILED_FILE = "failed.txt";

    private FileItems() {}

    /**
     * One input and the name of its output.
     *
     * @param name below the output folder
     * @param bytes size of the input when it was looked at
     * @param modified when it was changed last, as text, when it was looked at
     */
    record FileItem(Path input, String name, long bytes, String modified) {}

    /**
     * Looks at all inputs.
     *
     * @param keepPaths whether outputs lie below the output folder as the inputs below this one
     * @throws OffcutException if one is not a file, or if two would have one output
     */
    static List<FileItem> of(List<Path> inputs, boolean keepPaths, String suffix) {
        Map<String, Path> taken = new HashMap<>();
        List<FileItem> items = new ArrayList<>();
        for (Path input : new LinkedHashSet<>(inputs)) {
            FileItem item = item(input, name(input, keepPaths) + suffix);
            if (item.name().equals(FAILED_FILE)) {
                throw usage(input, "would hide the list of failed items: use --suffix");
            }
            Path other = taken.putIfAbsent(item.name(), input);
            if (other != null) {
                throw usage(input, "has the same output as " + other + ": use --keep-paths");
            }
            items.add(item);
        }
        return items;
    }

    private static String name(Path input, boolean keepPaths) {
        Path normal = input.normalize();
        if (!keepPaths) {
            Path last = normal.getFileName();
            if (last == null) {
                throw usage(input, "is not a file");
            }
            return last.toString();
        }
        Path relative = normal.isAbsolute() ? Path.of("/").relativize(normal) : normal;
        if (relative.startsWith("..") || relative.startsWith(Journal.FOLDER)) {
            throw usage(input, "would be written outside of the output folder: name it otherwise");
        }
        return relative.toString();
    }

    /** Looks at the input as it is now. */
    static FileItem item(Path input, String name) {
        try {
            BasicFileAttributes now = Files.readAttributes(input, BasicFileAttributes.class);
            if (now.isDirectory()) {
                throw usage(input, "is a folder: name its files, as " + input + "/*");
            }
            return new FileItem(input, name, now.size(), now.lastModifiedTime().toString());
        } catch (NoSuchFileException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "map: input " + input + ": is not there: check its path",
                    e);
        } catch (IOException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "map: input " + input + ": cannot be read: check its permissions",
                    e);
        }
    }

    private static OffcutException usage(Path input, String what) {
        return new OffcutException(ErrorCode.USAGE, "map: input " + input + ": " + what);
    }
}
