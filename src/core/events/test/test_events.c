#include "base/test/check.h"
int main(void) { return 0; }
