package io.offcut.endtoend.examples;

import io.offcut.client.RemoteMemory;
import io.offcut.core.frame.MemoryStatus;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A cache in memory that may be taken back at any time: each key has one slot, which holds its own
 * key, so that a slot of another key, or of nothing, is a miss. One read or one write for each
 * call.
 */
public final class KeyValueCache {
    private static final int HEADER_BYTES = 2 * Integer.BYTES;

    private final RemoteMemory memory;
    private final int slotBytes;
    private final long slots;

    /**
     * @param slotBytes room for a key and its value, and eight bytes
     */
    public KeyValueCache(RemoteMemory memory, int slotBytes) {
        this.memory = memory;
        this.slotBytes = slotBytes;
        this.slots = memory.bytes() / slotBytes;
    }

    /** Remembers a value in place of what its slot held. @return false when it does not fit */
    public boolean put(String key, byte[] value) {
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        if (HEADER_BYTES + name.length + value.length > slotBytes) {
            return false;
        }
        byte[] slot =
                ByteBuffer.allocate(HEADER_BYTES + name.length + value.length)
                        .putInt(name.length)
                        .putInt(value.length)
                        .put(name)
                        .put(value)
                        .array();
        return memory.write(offset(key), MemorySegment.ofArray(slot)) == MemoryStatus.OK;
    }

    /**
     * What was last remembered for this key; empty when another key, or a batch job, took its room.
     */
    public Optional<byte[]> get(String key) {
        byte[] bytes = new byte[slotBytes];
        if (memory.read(offset(key), MemorySegment.ofArray(bytes)) != MemoryStatus.OK) {
            return Optional.empty();
        }
        ByteBuffer slot = ByteBuffer.wrap(bytes);
        int nameLength = slot.getInt();
        int valueLength = slot.getInt();
        byte[] name = key.getBytes(StandardCharsets.UTF_8);
        int end = HEADER_BYTES + name.length;
        boolean mine =
                nameLength == name.length
                        && Arrays.equals(name, 0, name.length, bytes, HEADER_BYTES, end);
        return mine
                ? Optional.of(Arrays.copyOfRange(bytes, end, end + valueLength))
                : Optional.empty();
    }

    private long offset(String key) {
        return Math.floorMod(key.hashCode() * 0x9E3779B97F4A7C15L, slots) * slotBytes;
    }
}
