#include "model/work.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace model {
namespace {

const std::string kVectors = CAIRN_SOURCE_DIR "/tests/vectors";

TEST(Compact, AcceptsExactlyTheCanonicalPositiveCases) {
    std::ifstream in{kVectors + "/nbits/compact.csv"};
    std::string line;
    std::getline(in, line);
    int rows = 0;
    while (std::getline(in, line)) {
        std::stringstream row{line};
        std::string bits, target, negative, overflow, canonical;
        std::getline(row, bits, ',');
        std::getline(row, target, ',');
        std::getline(row, negative, ',');
        std::getline(row, overflow, ',');
        std::getline(row, canonical, ',');
        const auto value = static_cast<std::uint32_t>(std::stoul(bits, nullptr, 16));
        const bool right =
            negative == "false" && overflow == "false" && target != "0" && bits == canonical;
        const auto decoded = target_of(value);
        EXPECT_EQ(decoded.has_value(), right) << line;
        if (decoded && right) {
            EXPECT_EQ(*decoded, Big{"0x" + target}) << line;
        }
        ++rows;
    }
    EXPECT_EQ(rows, 23);
}

TEST(Work, IsTheExpectedNumberOfHashes) {
    EXPECT_EQ(work_of(*target_of(0x1d00ffff)), Big{0x100010001});
    EXPECT_EQ(work_of(*target_of(0x207fffff)), 2);
}

struct AsertRun {
    Big parent_time, height;
    std::uint32_t bits = 0;
    std::vector<std::array<std::string, 3>> rows;  // height, time, bits
};

AsertRun read_run(const std::filesystem::path& path) {
    AsertRun run;
    std::ifstream in{path};
    std::string line;
    while (std::getline(in, line)) {
        const auto after = [&](const char* label) {
            return line.substr(line.find(label) + std::strlen(label));
        };
        if (line.find("anchor height: ") != std::string::npos) run.height = Big{after("height: ")};
        if (line.find(" time: ") != std::string::npos && line.find("anchor") != std::string::npos) {
            run.parent_time = Big{after("time: ")};
        }
        if (line.find("anchor nBits: ") != std::string::npos) {
            run.bits = static_cast<std::uint32_t>(std::stoul(after("nBits: "), nullptr, 16));
        }
        if (line.empty() || line.front() == '#') continue;
        std::stringstream row{line};
        std::string iteration;
        std::array<std::string, 3> values;
        row >> iteration >> values[0] >> values[1] >> values[2];
        run.rows.push_back(values);
    }
    return run;
}

TEST(Asert, GivesThePublishedBits) {
    std::size_t rows = 0;
    for (const auto& entry : std::filesystem::directory_iterator{kVectors + "/asert"}) {
        const AsertRun run = read_run(entry.path());
        const Asert asert{*target_of(run.bits), 600, 172'800, *target_of(0x1d00ffff)};
        for (const auto& [height, time, bits] : run.rows) {
            const auto target =
                asert_target(asert, Big{time} - run.parent_time, Big{height} - run.height);
            ASSERT_EQ(compact_of(target), std::stoul(bits, nullptr, 16))
                << entry.path() << " " << height;
            ++rows;
        }
    }
    EXPECT_EQ(rows, 14'000);
}

TEST(Asert, IsClampedAtBothEnds) {
    const Asert asert{*target_of(0x1d00ffff), 15, 3600, *target_of(0x1d00ffff)};
    EXPECT_EQ(asert_target(asert, Big{1} << 64, 0), asert.limit);
    EXPECT_EQ(asert_target(asert, -(Big{1} << 64), 0), 1);
    EXPECT_EQ(asert_target(asert, 0, Big{1} << 64), 1);
    EXPECT_EQ(asert_target(asert, 15, 0), asert.limit);
    EXPECT_EQ(asert_target(asert, 15 - 3600, 0), asert.limit / 2);
}

}  // namespace
}  // namespace model
