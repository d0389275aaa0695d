package io.offcut.bundle;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Which names files of a bundle may have: relative, below the root, unambiguous. */
final class EntryNames {
    private static final int MAX_NAME_BYTES = 1024;
    private static final int MAX_SEGMENT_BYTES = 255;
    private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*");

    private EntryNames() {}

    /**
     * Checks one name; folders end in a slash.
     *
     * @return what is wrong with it; empty when it is good
     */
    static String objection(String name) {
        if (name.isEmpty() || name.equals("/")) {
            return "has no name";
        }
        if (name.startsWith("/") || DRIVE.matcher(name).matches()) {
            return "is an absolute path";
        }
        if (name.indexOf('\\') >= 0 || name.codePoints().anyMatch(Character::isISOControl)) {
            return "has a backslash or a control character in its name";
        }
        if (bytes(name) > MAX_NAME_BYTES) {
            return "has a name of more than " + MAX_NAME_BYTES + " bytes";
        }
        String path = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
        for (String segment : path.split("/", -1)) {
            if (segment.equals("..") || segment.equals(".") || segment.isEmpty()) {
                return "leaves its folder or is not a plain path";
            }
            if (bytes(segment) > MAX_SEGMENT_BYTES) {
                return "has a name part of more than " + MAX_SEGMENT_BYTES + " bytes";
            }
        }
        return "";
    }

    /**
     * Checks that no name appears twice and no file is also a folder.
     *
     * @return the first name that clashes with another; empty when none does
     */
    static String firstClash(List<String> names) {
        Set<String> files = new HashSet<>();
        Set<String> folders = new HashSet<>();
        Set<String> namedFolders = new HashSet<>();
        for (String name : names) {
            boolean folder = name.endsWith("/");
            String path = folder ? name.substring(0, name.length() - 1) : name;
            if (folder ? !namedFolders.add(path) : !files.add(path)) {
                return name;
            }
            if (folder) {
                folders.add(path);
            }
            for (int i = path.lastIndexOf('/'); i > 0; i = path.lastIndexOf('/', i - 1)) {
                if (!folders.add(path.substring(0, i))) {
                    break;
                }
            }
        }
        return files.stream().filter(folders::contains).sorted().findFirst().orElse("");
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
