/** What a site's Slurm, plugin and nodes are like, and what Offcut makes of it. */
@NullMarked
package io.offcut.slurm.internal.site;

import org.jspecify.annotations.NullMarked;
