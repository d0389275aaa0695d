package io.offcut.slurm.internal.site;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * Reads an integer variable out of a shared object without loading it: its dynamic symbol, and the
 * bytes where the file holds it (elf(5)). Only 64-bit little-endian objects; anything else, or a
 * damaged file, has no such variable.
 */
final class ElfSymbol {
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int PT_LOAD = 1;
    private static final int SHT_DYNSYM = 11;
    private static final int MAX_SYMBOLS = 100_000;

    private final ByteBuffer file;

    private ElfSymbol(byte[] bytes) {
        this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The value of the variable, of four bytes, that an object exports under this name. */
    static OptionalInt intOf(byte[] object, String name) {
        try {
            return new ElfSymbol(object).find(name.getBytes(StandardCharsets.US_ASCII));
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            return OptionalInt
                    .empty(); // an offset leads out of the file: not an object we can read
        }
    }

    private OptionalInt find(byte[] name) {
        boolean known = file.getInt(0) == 0x464c457f && file.get(4) == 2 && file.get(5) == 1;
        int sections = known ? Short.toUnsignedInt(file.getShort(60)) : 0;
        for (int i = 0; i < sections; i++) {
            int header = at(file.getLong(40), (long) i * SECTION_HEADER_BYTES);
            if (file.getInt(header + 4) == SHT_DYNSYM) {
                return inTable(header, name);
            }
        }
        return OptionalInt.empty();
    }

    private OptionalInt inTable(int header, byte[] name) {
        long offset = file.getLong(header + 24);
        long count = Math.min(file.getLong(header + 32) / SYMBOL_BYTES, MAX_SYMBOLS);
        int link = file.getInt(header + 40);
        int stringsHeader = at(file.getLong(40), (long) link * SECTION_HEADER_BYTES);
        long strings = file.getLong(stringsHeader + 24);
        for (long i = 0; i < count; i++) {
            int symbol = at(offset, i * SYMBOL_BYTES);
            boolean defined = file.getShort(symbol + 6) != 0;
            if (defined && named(at(strings, file.getInt(symbol)), name)) {
                return valueAt(file.getLong(symbol + 8));
            }
        }
        return OptionalInt.empty();
    }

    private boolean named(int at, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            if (file.get(at + i) != name[i]) {
                return false;
            }
        }
        return file.get(at + name.length) == 0;
    }

    /** What the loader would put at this address, taken from the file. */
    private OptionalInt valueAt(long address) {
        int headers = Short.toUnsignedInt(file.getShort(56));
        for (int i = 0; i < headers; i++) {
            int header = at(file.getLong(32), (long) i * PROGRAM_HEADER_BYTES);
            long into = address - file.getLong(header + 16);
            boolean loaded = file.getInt(header) == PT_LOAD;
            if (loaded && into >= 0 && into <= file.getLong(header + 32) - Integer.BYTES) {
                return OptionalInt.of(file.getInt(at(file.getLong(header + 8), into)));
            }
        }
        return OptionalInt.empty();
    }

    private static int at(long base, long more) {
        return Math.toIntExact(Math.addExact(base, more));
    }
}
