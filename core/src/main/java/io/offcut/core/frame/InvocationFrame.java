package io.offcut.core.frame;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of the two 64-byte headers of an invocation, little-endian, version {@value #VERSION}. The
 * payload follows its header, or lies where the transport's region layout says.
 *
 * <p>The shape is that of a one-sided write: the request says where the result goes ({@code
 * resultAddress}, {@code resultKey}, {@code resultCapacityBytes}), so that a worker can answer by
 * writing into the caller's memory. Transports that have a fixed place for results leave address
 * and key 0. Nothing here allocates.
 *
 * <pre>
 * request                              response
 *  0 int   magic                        0 int   magic
 *  4 short version                      4 short version
 *  6 short flags                        6 short flags
 *  8 long  invocationId                 8 long  invocationId
 * 16 int   functionIndex               16 int   status
 * 20 int   payloadBytes                20 int   payloadBytes
 * 24 long  resultAddress               24 long  executionNanos
 * 32 int   resultKey                   32 …     zero
 * 36 int   resultCapacityBytes
 * 40 long  deadlineNanos (from arrival; 0 none)
 * 48 int   immediate                   48 int   immediate
 * 52 …     zero                        52 …     zero
 * 60 int   sequence                    60 int   sequence
 * </pre>
 *
 * <p>{@code immediate} names the slot where the transport has no immediate data of its own (tcp).
 * {@code sequence} is written last, with release order, where header and notification are one write
 * into shared memory (shm). Transports that need neither leave them 0.
 */
public final class InvocationFrame {
    public static final int HEADER_BYTES = 64;
    public static final int REQUEST_MAGIC = 0x5143464F; // "OFCQ"
    public static final int RESPONSE_MAGIC = 0x5243464F; // "OFCR"
    public static final short VERSION = 1;

    /** Magic, version and no flags of a request, read as one word. */
    public static final long REQUEST_HEAD = ((long) VERSION << 32) | REQUEST_MAGIC;

    /** Largest payload of any lease: 1 GiB. */
    public static final int MAX_PAYLOAD_BYTES = 1 << 30;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int FLAGS_OFFSET = 6;
    public static final int INVOCATION_ID_OFFSET = 8;
    public static final int FUNCTION_INDEX_OFFSET = 16;
    public static final int STATUS_OFFSET = 16;
    public static final int PAYLOAD_BYTES_OFFSET = 20;
    public static final int RESULT_ADDRESS_OFFSET = 24;
    public static final int EXECUTION_NANOS_OFFSET = 24;
    public static final int RESULT_KEY_OFFSET = 32;
    public static final int RESULT_CAPACITY_BYTES_OFFSET = 36;
    public static final int DEADLINE_NANOS_OFFSET = 40;
    public static final int IMMEDIATE_OFFSET = 48;
    public static final int SEQUENCE_OFFSET = 60;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private InvocationFrame() {}

    /** Writes a request header at {@code offset}. */
    public static void writeRequest(
            MemorySegment to,
            long offset,
            long invocationId,
            int functionIndex,
            int payloadBytes,
            int resultCapacityBytes,
            long deadlineNanos) {
        to.set(LONG, offset + MAGIC_OFFSET, REQUEST_HEAD);
        to.set(LONG, offset + INVOCATION_ID_OFFSET, invocationId);
        to.set(LONG, offset + FUNCTION_INDEX_OFFSET, pair(functionIndex, payloadBytes));
        to.set(LONG, offset + RESULT_ADDRESS_OFFSET, 0L);
        to.set(LONG, offset + RESULT_KEY_OFFSET, pair(0, resultCapacityBytes));
        to.set(LONG, offset + DEADLINE_NANOS_OFFSET, deadlineNanos);
    }

    // Two neighbouring words as one: a header is written by half as many stores.
    private static long pair(int low, int high) {
        return (long) high << 32 | (low & 0xFFFF_FFFFL);
    }

    /** Writes a response header at {@code offset}. */
    public static void writeResponse(
            MemorySegment to,
            long offset,
            long invocationId,
            int statusCode,
            int payloadBytes,
            long executionNanos) {
        to.set(LONG, offset + MAGIC_OFFSET, pair(RESPONSE_MAGIC, VERSION));
        to.set(LONG, offset + INVOCATION_ID_OFFSET, invocationId);
        to.set(LONG, offset + STATUS_OFFSET, pair(statusCode, payloadBytes));
        to.set(LONG, offset + EXECUTION_NANOS_OFFSET, executionNanos);
    }

    /**
     * Checks a header that a peer wrote.
     *
     * @return 0, or the negative code of {@link InvocationStatus#MALFORMED}, {@link
     *     InvocationStatus#WRONG_VERSION} or {@link InvocationStatus#TOO_LARGE}
     */
    public static int check(MemorySegment header, long offset, int magic, int capacityBytes) {
        return check(
                header.get(INT, offset + MAGIC_OFFSET),
                header.get(SHORT, offset + VERSION_OFFSET),
                payloadBytes(header, offset),
                magic,
                capacityBytes);
    }

    /** The same for words that were read already, where a peer may change them meanwhile. */
    public static int check(
            int magicSeen, short versionSeen, int payloadBytes, int magic, int capacityBytes) {
        if (magicSeen != magic) {
            return InvocationStatus.MALFORMED.code();
        }
        if (versionSeen != VERSION) {
            return InvocationStatus.WRONG_VERSION.code();
        }
        if (payloadBytes < 0) {
            return InvocationStatus.MALFORMED.code();
        }
        return payloadBytes > capacityBytes ? InvocationStatus.TOO_LARGE.code() : 0;
    }

    /** Says in a request where its result goes, with its header, and by which key. */
    public static void setResult(MemorySegment header, long offset, long address, int key) {
        header.set(LONG, offset + RESULT_ADDRESS_OFFSET, address);
        header.set(INT, offset + RESULT_KEY_OFFSET, key);
    }

    public static long resultAddress(MemorySegment header, long offset) {
        return header.get(LONG, offset + RESULT_ADDRESS_OFFSET);
    }

    public static int resultKey(MemorySegment header, long offset) {
        return header.get(INT, offset + RESULT_KEY_OFFSET);
    }

    public static long invocationId(MemorySegment header, long offset) {
        return header.get(LONG, offset + INVOCATION_ID_OFFSET);
    }

    public static int functionIndex(MemorySegment header, long offset) {
        return header.get(INT, offset + FUNCTION_INDEX_OFFSET);
    }

    public static int statusCode(MemorySegment header, long offset) {
        return header.get(INT, offset + STATUS_OFFSET);
    }

    public static int payloadBytes(MemorySegment header, long offset) {
        return header.get(INT, offset + PAYLOAD_BYTES_OFFSET);
    }

    public static int resultCapacityBytes(MemorySegment header, long offset) {
        return header.get(INT, offset + RESULT_CAPACITY_BYTES_OFFSET);
    }

    public static long deadlineNanos(MemorySegment header, long offset) {
        return header.get(LONG, offset + DEADLINE_NANOS_OFFSET);
    }

    public static int immediate(MemorySegment header, long offset) {
        return header.get(INT, offset + IMMEDIATE_OFFSET);
    }

    public static void setImmediate(MemorySegment header, long offset, int immediate) {
        header.set(INT, offset + IMMEDIATE_OFFSET, immediate);
    }

    public static long executionNanos(MemorySegment header, long offset) {
        return header.get(LONG, offset + EXECUTION_NANOS_OFFSET);
    }
}
