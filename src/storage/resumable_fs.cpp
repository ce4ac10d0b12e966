#include "storage/resumable_fs.hpp"

#include <string>
#include <utility>

namespace cairn {

using rocksdb::IOStatus;

namespace {

IOStatus mark(IOStatus status) {
    if (status.IsNoSpace()) status = IOStatus::IOError(kNoSpaceText, status.ToString());
    if (status.IsIOError()) status.SetRetryable(true);
    return status;
}

class ResumableFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    using rocksdb::FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
    using Base = rocksdb::FSWritableFileOwnerWrapper;
    using Options = rocksdb::IOOptions;
    using Context = rocksdb::IODebugContext;

    IOStatus Append(const rocksdb::Slice& data, const Options& options, Context* context) override {
        return mark(Base::Append(data, options, context));
    }
    IOStatus Append(const rocksdb::Slice& data, const Options& options,
                    const rocksdb::DataVerificationInfo& info, Context* context) override {
        return mark(Base::Append(data, options, info, context));
    }
    IOStatus Truncate(std::uint64_t size, const Options& options, Context* context) override {
        return mark(Base::Truncate(size, options, context));
    }
    IOStatus Close(const Options& options, Context* context) override {
        return mark(Base::Close(options, context));
    }
    IOStatus Flush(const Options& options, Context* context) override {
        return mark(Base::Flush(options, context));
    }
    IOStatus Sync(const Options& options, Context* context) override {
        return mark(Base::Sync(options, context));
    }
    IOStatus Fsync(const Options& options, Context* context) override {
        return mark(Base::Fsync(options, context));
    }
    IOStatus RangeSync(std::uint64_t offset, std::uint64_t size, const Options& options,
                       Context* context) override {
        return mark(Base::RangeSync(offset, size, options, context));
    }
};

class ResumableDirectory final : public rocksdb::FSDirectory {
public:
    explicit ResumableDirectory(std::unique_ptr<rocksdb::FSDirectory> target)
        : target_{std::move(target)} {}
    IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return mark(target_->Fsync(options, context));
    }
    IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context,
                                 const rocksdb::DirFsyncOptions& what) override {
        return mark(target_->FsyncWithDirOptions(options, context, what));
    }
    IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return mark(target_->Close(options, context));
    }
    std::size_t GetUniqueId(char* id, std::size_t max_size) const override {
        return target_->GetUniqueId(id, max_size);
    }

private:
    std::unique_ptr<rocksdb::FSDirectory> target_;
};

class ResumableFs final : public rocksdb::FileSystemWrapper {
public:
    using rocksdb::FileSystemWrapper::FileSystemWrapper;
    using Context = rocksdb::IODebugContext;

    [[nodiscard]] const char* Name() const override { return "ResumableFs"; }

    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                             Context* context) override {
        return wrapped(target()->NewWritableFile(path, options, out, context), out);
    }
    IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* out,
                                Context* context) override {
        return wrapped(target()->ReopenWritableFile(path, options, out, context), out);
    }
    IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                          std::unique_ptr<rocksdb::FSDirectory>* out, Context* context) override {
        auto status = target()->NewDirectory(path, options, out, context);
        if (status.ok()) *out = std::make_unique<ResumableDirectory>(std::move(*out));
        return mark(std::move(status));
    }
    IOStatus RenameFile(const std::string& from, const std::string& to,
                        const rocksdb::IOOptions& options, Context* context) override {
        return mark(target()->RenameFile(from, to, options, context));
    }
    IOStatus LinkFile(const std::string& from, const std::string& to,
                      const rocksdb::IOOptions& options, Context* context) override {
        return mark(target()->LinkFile(from, to, options, context));
    }
    IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                        Context* context) override {
        return mark(target()->DeleteFile(path, options, context));
    }

private:
    static IOStatus wrapped(IOStatus status, std::unique_ptr<rocksdb::FSWritableFile>* out) {
        if (status.ok()) *out = std::make_unique<ResumableFile>(std::move(*out));
        return mark(std::move(status));
    }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> resumable(std::shared_ptr<rocksdb::FileSystem> target) {
    return std::make_shared<ResumableFs>(std::move(target));
}

}  // namespace cairn
