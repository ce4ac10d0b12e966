#include "miner/workers/workers.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <future>
#include <set>

#include "core/consensus/target.hpp"

namespace cairn {
namespace {

const U256 kEasy = *expand({0x207fffff});
const U256 kHopeless{1};

BlockHeader header_for(std::uint64_t generation, std::uint64_t extranonce) {
    BlockHeader header;
    for (std::size_t i = 0; i < 8; ++i) {
        header.previous_hash.bytes[i] = static_cast<std::uint8_t>(generation >> (8 * i));
        header.merkle_root.bytes[i] = static_cast<std::uint8_t>(extranonce >> (8 * i));
    }
    return header;
}

std::shared_ptr<const Job> job_of(std::uint64_t generation, const U256& target) {
    return std::make_shared<const Job>(
        Job{generation, target, [generation](std::uint32_t, std::uint64_t extranonce) {
                return header_for(generation, extranonce);
            }});
}

struct FoundHeader {
    std::uint64_t generation = 0;
    std::uint64_t extranonce = 0;
    BlockHeader header;
};

/// Where workers report and a test waits.
class Inbox {
public:
    Workers::Found sink() {
        return [this](const Job& job, std::uint64_t extranonce, const BlockHeader& header) {
            const std::lock_guard lock{mutex_};
            found_.push_back({job.generation, extranonce, header});
            arrived_.notify_all();
        };
    }
    std::vector<FoundHeader> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        arrived_.wait(lock, [&] { return found_.size() >= count; });
        return found_;
    }
    std::vector<FoundHeader> all() {
        const std::lock_guard lock{mutex_};
        return found_;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<FoundHeader> found_;
};

/// A job without end; `wait` returns once each of `workers` asked it for a header.
class EndlessJob {
public:
    explicit EndlessJob(std::size_t workers) : workers_{workers} {}

    std::shared_ptr<const Job> job() {
        return std::make_shared<const Job>(
            Job{0, kHopeless, [this](std::uint32_t worker, std::uint64_t extranonce) {
                    const std::lock_guard lock{mutex_};
                    asked_.emplace(worker, extranonce);
                    changed_.notify_all();
                    return header_for(0, extranonce);
                }});
    }
    std::set<std::pair<std::uint32_t, std::uint64_t>> wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return asked_.size() >= workers_; });
        return asked_;
    }

private:
    const std::size_t workers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::pair<std::uint32_t, std::uint64_t>> asked_;
};

TEST(Workers, ReportAHeaderThatMeetsTheTarget) {
    Inbox inbox;
    Workers workers{2, inbox.sink()};
    workers.set(job_of(7, kEasy));
    const auto found = inbox.wait_for(1).front();
    EXPECT_EQ(found.generation, 7U);
    EXPECT_TRUE(meets(hash_of(found.header), kEasy));
    BlockHeader expected = header_for(7, found.extranonce);
    expected.nonce = found.header.nonce;
    EXPECT_EQ(found.header, expected);
}

TEST(Workers, ReportEachJobOnce) {
    constexpr std::size_t kJobs = 200;
    Inbox inbox;
    Workers workers{4, inbox.sink()};
    for (std::size_t i = 1; i <= kJobs; ++i) {
        workers.set(job_of(i, kEasy));
        EXPECT_EQ(inbox.wait_for(i).back().generation, i);
    }
    workers.stop();
    EXPECT_EQ(inbox.all().size(), kJobs);
}

TEST(Workers, MaySetTheNextJobFromTheReport) {
    constexpr std::uint64_t kJobs = 200;
    std::promise<void> done;
    Workers* self = nullptr;
    std::vector<std::uint64_t> order;
    Workers workers{4, [&](const Job& job, std::uint64_t, const BlockHeader&) {
                        order.push_back(job.generation);
                        if (job.generation == kJobs)
                            done.set_value();
                        else
                            self->set(job_of(job.generation + 1, kEasy));
                    }};
    self = &workers;
    workers.set(job_of(1, kEasy));
    done.get_future().wait();
    workers.stop();
    ASSERT_EQ(order.size(), kJobs);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Workers, LeaveAJobForTheNext) {
    Inbox inbox;
    EndlessJob endless{2};
    Workers workers{2, inbox.sink()};
    workers.set(endless.job());
    endless.wait();
    workers.set(job_of(9, kEasy));
    EXPECT_EQ(inbox.wait_for(1).front().generation, 9U);
}

TEST(Workers, TakeUpWorkAgainAfterClear) {
    Inbox inbox;
    EndlessJob endless{2};
    Workers workers{2, inbox.sink()};
    workers.set(endless.job());
    endless.wait();
    workers.clear();
    workers.set(job_of(3, kEasy));
    inbox.wait_for(1);
    workers.stop();
    EXPECT_EQ(inbox.all().size(), 1U);
}

TEST(Workers, HashNothingOnceTheJobIsCleared) {
    EndlessJob endless{2};
    std::weak_ptr<const Job> watched;
    Workers workers{2, [](const Job&, std::uint64_t, const BlockHeader&) {}};
    {
        auto job = endless.job();
        watched = job;
        workers.set(std::move(job));
    }
    endless.wait();
    workers.clear();
    // The last worker to leave the job lets go of it.
    while (!watched.expired()) std::this_thread::yield();
    const std::uint64_t hashes = workers.hashes();
    workers.stop();
    EXPECT_EQ(workers.hashes(), hashes);
}

TEST(Workers, EachHasAnExtranonceOfItsOwn) {
    EndlessJob endless{4};
    Workers workers{4, [](const Job&, std::uint64_t, const BlockHeader&) {}};
    workers.set(endless.job());
    std::set<std::uint32_t> seen_workers;
    std::set<std::uint64_t> seen_extranonces;
    for (const auto& [worker, extranonce] : endless.wait()) {
        seen_workers.insert(worker);
        seen_extranonces.insert(extranonce);
    }
    EXPECT_EQ(seen_workers, (std::set<std::uint32_t>{0, 1, 2, 3}));
    EXPECT_EQ(seen_extranonces.size(), 4U);
}

TEST(Workers, CountTheirHashes) {
    EndlessJob endless{1};
    Inbox inbox;
    Workers workers{1, inbox.sink()};
    EXPECT_EQ(workers.hashes(), 0U);
    workers.set(job_of(1, kEasy));
    const auto found = inbox.wait_for(1).front();
    EXPECT_EQ(workers.hashes(), std::uint64_t{found.header.nonce} + 1);
    const std::uint64_t before = workers.hashes();
    workers.set(endless.job());
    while (workers.hashes() == before) std::this_thread::yield();
}

TEST(Workers, StopInTheMiddleOfASearchAndForGood) {
    EndlessJob endless{2};
    Inbox inbox;
    Workers workers{2, inbox.sink()};
    workers.set(endless.job());
    endless.wait();
    workers.stop();
    workers.set(job_of(1, kEasy));
    workers.stop();
    EXPECT_TRUE(inbox.all().empty());
}

TEST(Workers, StopWithoutEverHavingWorked) {
    Workers idle{3, [](const Job&, std::uint64_t, const BlockHeader&) {}};
    const Workers none{0, [](const Job&, std::uint64_t, const BlockHeader&) {}};
    EXPECT_EQ(idle.hashes() + none.hashes(), 0U);
}

TEST(Workers, LetEveryOtherThreadGoFirst) {
    std::promise<int> policy;
    Workers workers{1, [&](const Job&, std::uint64_t, const BlockHeader&) {
                        int found = 0;
                        sched_param param{};
                        pthread_getschedparam(pthread_self(), &found, &param);
                        policy.set_value(found);
                    }};
    workers.set(job_of(1, kEasy));
    EXPECT_EQ(policy.get_future().get(), SCHED_IDLE);
}

TEST(Workers, TakeJobsFromManyThreads) {
    Inbox inbox;
    Workers workers{2, inbox.sink()};
    std::vector<std::thread> posters;
    for (std::uint64_t poster = 0; poster < 3; ++poster)
        posters.emplace_back([&workers, poster] {
            for (std::uint64_t i = 0; i < 300; ++i) {
                workers.set(job_of(poster * 1000 + i, kEasy));
                if (i % 7 == 0) workers.clear();
            }
        });
    for (auto& poster : posters) poster.join();
    workers.set(job_of(99'999, kEasy));
    for (std::size_t seen = 1; inbox.wait_for(seen).back().generation != 99'999; ++seen) {
    }
    workers.stop();
    for (const auto& found : inbox.all()) EXPECT_TRUE(meets(hash_of(found.header), kEasy));
}

}  // namespace
}  // namespace cairn
