package io.offcut.linux;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;

/**
 * A library of C functions that a machine may have or not, found as dlopen(3) does. Once loaded it
 * stays for the life of the process. Thread-safe.
 */
public final class SharedLibrary {
    private final String file;
    private final SymbolLookup symbols;

    private SharedLibrary(String file, SymbolLookup symbols) {
        this.file = file;
        this.symbols = symbols;
    }

    /**
     * Loads it.
     *
     * @param file with its version, as in {@code libibverbs.so.1}
     * @throws OffcutException {@code NOT_FOUND} if it is not there or cannot be loaded
     */
    public static SharedLibrary load(String file) {
        try {
            return new SharedLibrary(file, SymbolLookup.libraryLookup(file, Arena.global()));
        } catch (IllegalArgumentException e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND, "library " + file + " cannot be loaded", e);
        }
    }

    /**
     * One of its functions.
     *
     * @throws OffcutException {@code NOT_FOUND} if it has none of that name
     */
    public CFunction function(String name) {
        return symbols.find(name)
                .map(CFunction::new)
                .orElseThrow(() ->
                        new OffcutException(
                                ErrorCode.NOT_FOUND,
                                "library " + file + " has no function " + name));
    }
}
