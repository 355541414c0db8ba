/* OpenCC's converter, opened when first used. */
#ifndef GUANXI_CORE_TEXT_HANT_H
#define GUANXI_CORE_TEXT_HANT_H

void text_hant_close(void);

#endif
