package io.offcut.bundle;

/**
 * What a bundle may be at most. A larger one is refused before anything of it is used.
 *
 * @param maxArchiveBytes size of the zip file
 * @param maxUnpackedBytes size of all its files together
 * @param maxEntries files and folders in it
 * @param maxManifestBytes size of the manifest
 */
public record BundleLimits(
        long maxArchiveBytes, long maxUnpackedBytes, int maxEntries, int maxManifestBytes) {
    /** 256 MiB packed, 1 GiB unpacked, 10,000 entries, a manifest of 256 KiB. */
    public static final BundleLimits DEFAULT =
            new BundleLimits(256L << 20, 1L << 30, 10_000, 256 << 10);

    public BundleLimits {
        if (maxArchiveBytes <= 0
                || maxUnpackedBytes <= 0
                || maxEntries <= 0
                || maxManifestBytes <= 0) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }

    /** The default limits for archives of at most this size; four times as much unpacked. */
    public static BundleLimits ofArchiveBytes(long maxArchiveBytes) {
        return new BundleLimits(
                maxArchiveBytes,
                Math.multiplyExact(maxArchiveBytes, 4L),
                DEFAULT.maxEntries,
                DEFAULT.maxManifestBytes);
    }
}
