#include "storage/store_log.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(StoreLog, PassesWarningsOnAndNothingBelow) {
    std::vector<std::string> said;
    StoreLog log{[&](const std::string& line) { said.push_back(line); }};
    rocksdb::Info(&log, "nothing of %s", "interest");
    rocksdb::Warn(&log, "the file %s is gone", "/proc/self/fd/7/000012.sst");
    rocksdb::Error(&log, "%d", 5);
    rocksdb::Header(&log, "version");
    EXPECT_EQ(said, (std::vector<std::string>{"the file 000012.sst is gone", "5"}));
}

TEST(StoreLog, OfAFloodSaysTheFirstLines) {
    int said = 0;
    StoreLog log{[&](const std::string&) { ++said; }};
    for (int i = 0; i < 10'000; ++i) rocksdb::Error(&log, "again");
    EXPECT_GE(said, StoreLog::kBurst);
    EXPECT_LE(said, StoreLog::kBurst + 2);  // a slow machine may earn some
}

TEST(StoreLog, NeverFailsWhoeverListens) {
    StoreLog deaf{{}};
    rocksdb::Error(&deaf, "nobody");
    StoreLog full{[](const std::string&) { throw std::bad_alloc{}; }};
    EXPECT_NO_THROW(rocksdb::Error(&full, "no memory"));
    std::string longest(5'000, 'x');
    std::string said;
    StoreLog log{[&](const std::string& line) { said = line; }};
    rocksdb::Error(&log, "%s", longest.c_str());
    EXPECT_EQ(said.size(), 511U);
}

TEST(WithoutReach, LeavesOnlyNamesThatMeanSomething) {
    EXPECT_EQ(without_reach("a /proc/self/fd/12/x b /proc/self/fd/3/y"), "a x b y");
    EXPECT_EQ(without_reach("at /proc/self/fd/12"), "at ");
    EXPECT_EQ(without_reach("/proc/self/fd/: none"), ": none");
    EXPECT_EQ(without_reach("as it is"), "as it is");
}

}  // namespace
}  // namespace cairn
