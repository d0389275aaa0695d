package io.offcut.executor.internal.function;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bundle's libraries and classes, each loaded once per executor and kept to its end, and the
 * paths into it, which never lead out of it. Thread-safe.
 */
public final class BundleFiles {
    private final Path directory;
    private final Map<Path, SymbolLookup> libraries = new HashMap<>();
    private final Map<Path, ClassLoader> loaders = new HashMap<>();

    /** Names the unpacked bundle. */
    public BundleFiles(Path directory) {
        this.directory = directory;
    }

    synchronized SymbolLookup library(String file) throws MissingException {
        Path path = resolve(file);
        SymbolLookup known = libraries.get(path);
        if (known != null) {
            return known;
        }
        try {
            SymbolLookup loaded = SymbolLookup.libraryLookup(path, Arena.global());
            libraries.put(path, loaded);
            return loaded;
        } catch (IllegalArgumentException e) {
            throw new MissingException("cannot load library '" + file + "' of the bundle");
        }
    }

    synchronized ClassLoader classes(String file) throws MissingException {
        Path path = resolve(file);
        ClassLoader known = loaders.get(path);
        if (known != null) {
            return known;
        }
        try {
            ClassLoader loader = new BundleClassLoader(path.toUri().toURL());
            loaders.put(path, loader);
            return loader;
        } catch (IOException e) {
            throw new MissingException("cannot load classes '" + file + "' of the bundle");
        }
    }

    /** The file of the bundle, links resolved. */
    Path resolve(String file) throws MissingException {
        Path found = find(file);
        if (found == null) {
            throw new MissingException("there is no file '" + file + "' in the bundle");
        }
        return found;
    }

    /** The same; null when the bundle has no such file. */
    @Nullable Path find(String file) {
        try {
            Path root = directory.toRealPath();
            Path path = root.resolve(file).toRealPath();
            return path.startsWith(root) && !path.equals(root) && Files.exists(path) ? path : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }
}
