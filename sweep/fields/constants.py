# SPDX-License-Identifier: MIT
"""Numbers of the hardware and the kernel that the model, the metrics and the reports all need."""

PAGE_BYTES = 4096  # PAGE_SIZE on x86-64, arch/x86/include/asm/page_types.h
BULK_PAGES = 64  # PP_ALLOC_CACHE_REFILL, include/net/page_pool/types.h: most pages of one request to the allocator
