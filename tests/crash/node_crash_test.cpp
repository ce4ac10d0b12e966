#include <gtest/gtest.h>

#include <cstdlib>

#include "crash/machine.hpp"

namespace crash {
namespace {

using cairn::testing::Unsynced;

/// Every n-th point only; 1 tries all of them, which takes minutes under ASan.
std::uint64_t stride() {
    const char* text = std::getenv("CAIRN_CRASH_STRIDE");
    const auto asked = text == nullptr ? 5 : std::strtoull(text, nullptr, 10);
    return asked == 0 ? 1 : asked;
}

class NodeOnDisk : public ::testing::Test {
protected:
    static const Script& script() {
        static const Script one;
        return one;
    }
    static const Reference& reference() {
        static const Reference one{script()};
        return one;
    }
    /// Changes and reads of the disk that a run of the whole script makes.
    struct Operations {
        std::uint64_t changes = 0;
        std::uint64_t reads = 0;
    };
    static Operations whole_run() {
        Machine machine{script()};
        EXPECT_TRUE(machine.open()) << machine.error;
        machine.run(reference());
        EXPECT_TRUE(machine.finished()) << machine.error;
        EXPECT_EQ(machine.differs_at_the_end(reference()), "");
        machine.close();
        return {machine.disk->changes(), machine.disk->reads()};
    }
    /// Runs what is left, closes, opens again: all of the script must be there. What a disk broke
    /// in the background may come to light with a later write only; the way back is the same then.
    static void expect_all_to_come(Machine& machine) {
        machine.run(reference());
        for (int again = 0; again < 2 && !machine.finished(); ++again) {
            ASSERT_TRUE(machine.recover()) << machine.error;
            ASSERT_EQ(machine.lost(reference(), false), "");
            machine.run(reference());
        }
        ASSERT_TRUE(machine.finished()) << machine.error;
        EXPECT_EQ(machine.differs_at_the_end(reference()), "");
        ASSERT_TRUE(machine.open()) << machine.error;
        EXPECT_EQ(machine.differs_at_the_end(reference()), "");
    }
    static void print(const char* what, std::uint64_t points, std::uint64_t of) {
        std::printf("%s: %llu of %llu points\n", what, static_cast<unsigned long long>(points),
                    static_cast<unsigned long long>(of));
    }
};

TEST_F(NodeOnDisk, RunsTheScriptUndisturbed) {
    const auto operations = whole_run();
    EXPECT_GT(operations.changes, 4 * script().steps().size());
}

TEST_F(NodeOnDisk, KeepsWhatWasAcknowledgedOverAPowerFailureAtEveryWrite) {
    const auto all = whole_run().changes;
    std::uint64_t points = 0;
    for (const auto mode : {Unsynced::drop, Unsynced::tear, Unsynced::keep}) {
        for (std::uint64_t at = 1; at <= all; at += stride()) {
            SCOPED_TRACE("power failure before change " + std::to_string(at) + ", mode " +
                         std::to_string(static_cast<int>(mode)));
            ++points;
            Machine machine{script()};
            machine.disk->crash_at(at);
            if (machine.open()) machine.run(reference());
            machine.close();
            machine.disk->power_failure(mode, at);

            ASSERT_TRUE(machine.open()) << machine.error;
            ASSERT_EQ(machine.lost(reference(), true), "");
            ASSERT_EQ(machine.lost_transfer(), "");
            ASSERT_NO_FATAL_FAILURE(expect_all_to_come(machine));
        }
    }
    print("power failures", points, 3 * all);
}

TEST_F(NodeOnDisk, LosesNothingToADiskThatFailsAtAnyWrite) {
    const auto all = whole_run().changes;
    std::uint64_t points = 0;
    for (const bool no_space : {false, true}) {
        for (const bool for_ever : {false, true}) {
            for (std::uint64_t at = 1; at <= all; at += stride()) {
                SCOPED_TRACE(std::string{no_space ? "no space" : "an error"} +
                             (for_ever ? " from change " : " at change ") + std::to_string(at));
                ++points;
                Machine machine{script()};
                machine.disk->fail_change(at, for_ever, no_space);
                if (machine.open()) machine.run(reference());
                if (!machine.finished()) {
                    if (for_ever && machine.store) {
                        EXPECT_FALSE(machine.recover());
                    }
                    machine.disk->heal();
                    ASSERT_TRUE(machine.recover()) << machine.error;
                    ASSERT_EQ(machine.lost(reference(), false), "");
                    ASSERT_EQ(machine.lost_transfer(), "");
                }
                machine.disk->heal();
                ASSERT_NO_FATAL_FAILURE(expect_all_to_come(machine));
            }
        }
    }
    print("write errors", points, 4 * all);
}

TEST_F(NodeOnDisk, AnswersNothingWrongWhenReadsFail) {
    const auto all = whole_run().reads;
    std::uint64_t points = 0;
    for (const bool for_ever : {false, true}) {
        for (std::uint64_t at = 1; at <= all; at += stride()) {
            SCOPED_TRACE(std::string{for_ever ? "errors from read " : "an error at read "} +
                         std::to_string(at));
            ++points;
            Machine machine{script()};
            machine.disk->fail_read(at, for_ever);
            if (machine.open()) machine.run(reference());
            machine.disk->heal();
            if (!machine.finished()) {
                ASSERT_TRUE(machine.recover()) << machine.error;
                ASSERT_EQ(machine.lost(reference(), false), "");
            }
            ASSERT_NO_FATAL_FAILURE(expect_all_to_come(machine));
        }
    }
    print("read errors", points, 2 * all);
}

}  // namespace
}  // namespace crash
